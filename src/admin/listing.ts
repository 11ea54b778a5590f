import { addressText, type ObservedServer, type Session } from "../core/mod.ts";
import { BestOf } from "./best_of.ts";
import { connectionRecord, type DescribeSession, IN_A_LIST } from "./connection_record.ts";
import { Gone } from "./gone.ts";
import type { Query } from "./query.ts";
import { Refusal } from "./refusal.ts";
import { shownName } from "./shown.ts";
import { Slices, type SlicesHost } from "./slices.ts";
import { SteadyInstants } from "./steady_instants.ts";

const MOST_ROWS = 1_000;
const DEFAULT_ROWS = 100;
const MOST_OFFSET = 10_000_000;

/** The parameters of a list that is shown in pages. */
export const PAGE_PARAMETERS: readonly string[] = ["limit", "offset"];

/** A page of a list. */
export interface Page {
  readonly limit: number;
  readonly offset: number;
}

/** @throws {Refusal} */
export function pageOf(query: Query): Page {
  return {
    limit: query.whole("limit", DEFAULT_ROWS, 0, MOST_ROWS),
    offset: query.whole("offset", 0, 0, MOST_OFFSET),
  };
}

/** The value by which a connection is ordered. */
export type SortKey = number | string;

type KeyOf = (session: Session<never>) => SortKey;

/** The values by which connections are ordered. The names are those of the record. */
const IDENTITY_KEYS: Readonly<Record<string, KeyOf>> = {
  id: ({ connection }) => connection.id,
  remote: ({ connection }) => addressText(connection.remoteAddress),
  local: ({ connection }) => addressText(connection.localAddress),
};
/** The sort keys that cost a snapshot of the counts of each connection. */
const COUNT_KEYS: Readonly<Record<string, KeyOf>> = {
  ageMs: (session) => session.stats().ageMs,
  idleMs: (session) => session.stats().quietMs,
  framesIn: (session) => session.stats().framesIn,
  framesOut: (session) => session.stats().framesOut,
  framesDropped: (session) => session.stats().framesDropped,
  bytesIn: (session) => session.stats().bytesIn,
  bytesOut: (session) => session.stats().bytesOut,
  waitingBytes: (session) => session.stats().waitingOutboundBytes,
  inFlight: (session) => session.stats().framesInFlight,
  groupCount: (session) => session.stats().groups.length,
};
const KEYS: Readonly<Record<string, KeyOf>> = { ...IDENTITY_KEYS, ...COUNT_KEYS };

const INSTANTS: Readonly<Record<string, SteadyInstants>> = {
  ageMs: new SteadyInstants((session) => session.stats().ageMs),
  idleMs: new SteadyInstants((session) => session.stats().quietMs),
};

/**
 * Returns the key of an order. Ages grow while a list is made: those of several processes are compared as of one instant,
 * `at`, in ms since 1970.
 */
export function keyAt(sort: string, at: number): (session: Session<never>) => SortKey {
  const instants = INSTANTS[sort];
  return instants === undefined ? (KEYS[sort] as KeyOf) : (session) => at - instants.of(session);
}

export const CONNECTION_PARAMETERS: readonly string[] = [
  ...PAGE_PARAMETERS,
  "sort",
  "order",
  "address",
  "group",
  "reason",
];

export const CLOSED_PARAMETERS: readonly string[] = [...PAGE_PARAMETERS, "address", "reason"];

/** Whether a request for connections asks for what has ended. @throws {Refusal} what does not go with that */
export function checkReasonQuery(query: Query): boolean {
  if (query.text("reason") === undefined) return false;
  const other = ["sort", "order", "group"].find((name) => query.text(name) !== undefined);
  if (other === undefined) return true;
  throw new Refusal(400, "bad-request", `reason lists closed connections, as /closed does, and takes no ${other}`);
}

/** An order of connections, and a filter. */
export interface ConnectionOrder {
  readonly sort: string;
  readonly descending: boolean;
  /** A part of the remote address. */
  readonly address?: string | undefined;
  readonly group?: string | undefined;
}

/** Which connections are listed, and in which order. */
export interface ConnectionQuery extends Page, ConnectionOrder {}

/** @throws {Refusal} */
export function connectionQuery(query: Query): ConnectionQuery {
  const sort = query.choice("sort", "id", Object.keys(KEYS));
  return {
    ...pageOf(query),
    sort,
    descending: query.choice("order", sort === "id" ? "asc" : "desc", ["asc", "desc"]) === "desc",
    address: query.text("address"),
    group: query.text("group"),
  };
}

interface Row {
  key: SortKey;
  session: Session<never>;
}

/** The settings of a list. */
export interface ListingHost extends SlicesHost {
  readonly describe?: DescribeSession | undefined;
  /** Whether nobody waits for the list any more. */
  readonly gone: () => boolean;
}

/**
 * Returns a page of the open connections as JSON. The work is done in slices, between which everything else runs, so the
 * list is no snapshot: connections may come, go and change meanwhile.
 *
 * @throws {Gone} nobody waits for the list any more
 */
export async function listConnections(
  server: ObservedServer,
  query: ConnectionQuery,
  host: ListingHost,
): Promise<string> {
  const slices = new Slices(host);
  const key = KEYS[query.sort] as KeyOf;
  const best = new BestOf<Row>(query.offset + query.limit, order(query.descending));
  const filtered = query.address !== undefined || query.group !== undefined;
  let total = 0;
  let matching = 0;
  // Most sessions are beyond the page: for those nothing is made.
  let candidate: Row | undefined;
  for (const session of server.sessions) {
    total += 1;
    if (!filtered || matches(session, query)) {
      matching += 1;
      candidate ??= { key: 0, session };
      candidate.key = key(session);
      candidate.session = session;
      if (best.takes(candidate)) {
        best.push(candidate);
        candidate = undefined;
      }
    }
    if (slices.spend()) await pause(slices, host);
  }
  const rows: Session<never>[] = [];
  for (let last = best.size; last > query.offset; last -= 1) {
    const row = best.popLast();
    if (row !== undefined) rows.push(row.session);
    if (slices.spend()) await pause(slices, host);
  }
  const texts: string[] = [];
  for (const session of rows.toReversed()) {
    texts.push(JSON.stringify(connectionRecord(session, IN_A_LIST, host.describe)));
    // A record costs several times what a comparison does.
    if (slices.spend(8)) await pause(slices, host);
  }
  const { limit, offset } = query;
  const head = JSON.stringify({ total, matching, offset, limit }).slice(0, -1);
  return `${head},"connections":[${texts.join(",")}]}`;
}

/** Returns the open connection of that number. @throws {Gone} */
export async function findConnection(
  server: ObservedServer,
  id: number,
  host: ListingHost,
): Promise<Session<never> | undefined> {
  const slices = new Slices(host);
  for (const session of server.sessions) {
    if (session.connection.id === id) return session;
    if (slices.spend()) await pause(slices, host);
  }
  return undefined;
}

/** Returns a page of the groups, the largest first. @throws {Gone} */
export async function listGroups(server: ObservedServer, { limit, offset }: Page, host: ListingHost): Promise<object> {
  const slices = new Slices(host);
  interface GroupRow {
    readonly name: string;
    readonly size: number;
  }
  const best = new BestOf<GroupRow>(
    offset + limit,
    (one, other) => other.size - one.size || (one.name < other.name ? -1 : 1),
  );
  let total = 0;
  for (const { name, size } of server.groups) {
    total += 1;
    best.push({ name: shownName(name), size });
    if (slices.spend()) await pause(slices, host);
  }
  const groups: GroupRow[] = [];
  for (let last = best.size; last > offset; last -= 1) {
    const row = best.popLast();
    if (row !== undefined) groups.push(row);
    if (slices.spend()) await pause(slices, host);
  }
  return { total, offset, limit, groups: groups.toReversed() };
}

/** Lets all other work run. @throws {Gone} */
export async function pause(slices: Slices, host: ListingHost): Promise<void> {
  await slices.pause();
  if (host.gone()) throw new Gone("nobody waits for the list");
}

/** Connections with equal keys keep the order of their numbers. */
function order(descending: boolean): (one: Row, other: Row) => number {
  const sign = descending ? -1 : 1;
  return (one, other) => {
    if (one.key !== other.key) return one.key < other.key ? -sign : sign;
    return one.session.connection.id - other.session.connection.id;
  };
}

/** Whether a session passes the filter. */
export function matches(session: Session<never>, { address, group }: ConnectionOrder): boolean {
  if (address !== undefined && !addressText(session.connection.remoteAddress).includes(address)) return false;
  return group === undefined || session.stats().groups.includes(group);
}
