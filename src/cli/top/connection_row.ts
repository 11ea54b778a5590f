/** A record of `/connections` as a row of the table. Nothing else knows the names of the record. */
import { type ConnectionId, connectionIdOf } from "./connection_id.ts";
import { Fields } from "./fields.ts";
import type { Rates } from "./rates.ts";

const MOST_STATE = 8_192;

/** A connection, as the table shows it. Text is escaped. */
export interface ConnectionRow {
  readonly id: ConnectionId;
  /** The number of its worker, if the server has several processes. */
  readonly worker?: number | undefined;
  readonly address: string;
  readonly local: string;
  readonly ageMs: number;
  readonly idleMs: number;
  readonly framesIn: number;
  readonly framesOut: number;
  readonly framesDropped: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly waitingBytes: number;
  readonly inFlight: number;
  /** The version of TLS; empty without TLS. */
  readonly tls: string;
  readonly groups: readonly string[];
  /** The number of all groups; `groups` may have fewer. */
  readonly groupCount: number;
  /** Per second since the last look; absent at the first one. */
  readonly framesInRate?: number | undefined;
  readonly framesOutRate?: number | undefined;
}

/** Everything that the endpoint says of one connection. */
export interface ConnectionDetails extends ConnectionRow {
  /** More lines: a name, and a text. */
  readonly more: readonly (readonly [name: string, text: string])[];
}

/** Returns the row of a record, and what has come since the last look. `undefined` if it is no record. */
export function connectionRow(record: unknown, rates: Rates, atMs: number): ConnectionRow | undefined {
  const fields = new Fields(record);
  const id = connectionIdOf(fields);
  if (id === undefined) return undefined;
  const framesIn = fields.number("framesIn");
  const framesOut = fields.number("framesOut");
  const groups = fields.texts("groups");
  const since = rates.next(`${id}`, atMs, [framesIn, framesOut]);
  return {
    id,
    worker: fields.maybeNumber("worker"),
    address: fields.text("remote"),
    local: fields.text("local"),
    ageMs: fields.number("ageMs"),
    idleMs: fields.number("idleMs"),
    framesIn,
    framesOut,
    framesDropped: fields.number("framesDropped"),
    bytesIn: fields.number("bytesIn"),
    bytesOut: fields.number("bytesOut"),
    waitingBytes: fields.number("waitingBytes"),
    inFlight: fields.number("inFlight"),
    tls: fields.object("tls").text("protocol"),
    groups,
    groupCount: Math.max(groups.length, fields.number("groupCount")),
    framesInRate: since?.[0],
    framesOutRate: since?.[1],
  };
}

/** Returns the details of the record of one connection. `undefined` if it is no record. */
export function connectionDetails(record: unknown, rates: Rates, atMs: number): ConnectionDetails | undefined {
  const row = connectionRow(record, rates, atMs);
  if (row === undefined) return undefined;
  const fields = new Fields(record);
  const more: (readonly [string, string])[] = [];
  if (fields.flag("authenticating")) more.push(["authenticating", "yes"]);
  for (const name of ["worker", "tls", "proxy", "state"]) {
    if (fields.has(name)) more.push([name, fields.json(name, MOST_STATE)]);
  }
  return { ...row, more };
}
