import { AdminFailure } from "./admin_client.ts";
import { Fields } from "./fields.ts";

/** The state of the server, as `/stats` says it. Text is escaped. */
export interface ServerHead {
  readonly runtime: string;
  readonly phase: string;
  readonly addresses: readonly string[];
  /** The time when the server began to listen, in ISO 8601. It differs after a restart. */
  readonly listeningSince: string;
  readonly uptimeMs: number | undefined;
  readonly loopDelayMs: number;
  readonly connections: number;
  readonly establishing: number;
  readonly handlers: number;
  readonly waitingBytes: number;
  readonly framesIn: number;
  readonly framesOut: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** The number of ends by reason, the most frequent first. */
  readonly ends: readonly (readonly [reason: string, count: number])[];
  /** Whether the endpoint has a token, and so can change something. */
  readonly changes: boolean;
  readonly metrics: boolean;
}

/** Returns the head of an answer of `/stats`. @throws {AdminFailure} it is none */
export function serverHead(answer: unknown): ServerHead {
  const fields = new Fields(answer);
  if (!fields.has("phase") || !fields.has("server")) {
    throw new AdminFailure("other JSON: this is no admin endpoint of Spillway", 200);
  }
  const server = fields.object("server");
  const admin = fields.object("admin");
  return {
    runtime: fields.text("runtime"),
    phase: fields.text("phase"),
    addresses: fields.texts("addresses"),
    listeningSince: fields.text("listeningSince"),
    uptimeMs: fields.maybeNumber("uptimeMs"),
    loopDelayMs: fields.number("loopDelayMs"),
    connections: server.number("connections"),
    establishing: server.number("establishing"),
    handlers: server.number("handlers"),
    waitingBytes: server.number("waitingOutboundBytes"),
    framesIn: server.number("framesIn"),
    framesOut: server.number("framesOut"),
    bytesIn: server.number("bytesIn"),
    bytesOut: server.number("bytesOut"),
    ends: fields
      .object("ends")
      .numbers()
      .toSorted(([, one], [, other]) => other - one),
    changes: admin.flag("changes"),
    metrics: admin.flag("metrics"),
  };
}
