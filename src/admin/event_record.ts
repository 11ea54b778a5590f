import { addressText, type ServerEvent } from "../core/mod.ts";
import { shownConnection, shownError } from "./shown.ts";

/** The fields of an event that are copied as they are: numbers, flags, and words of this library. */
const PLAIN = [
  "reason",
  "bytesIn",
  "bytesOut",
  "framesIn",
  "framesOut",
  "framesDropped",
  "bytesDiscarded",
  "framesAfterReset",
  "unconfirmed",
  "truncated",
  "durationMs",
  "retryInMs",
  "connections",
  "fullMs",
  "graceMs",
  "skipped",
  "policy",
  "waitingBytes",
  "waitingFrames",
  "drained",
  "aborted",
  "transport",
  "bus",
  "origin",
  "missed",
  "why",
  "downMs",
] as const;

/** An event, as `/events` shows it. */
export interface EventRecord {
  readonly at: string;
  readonly type: string;
  /** The number of the connection, if it is about one. */
  readonly id?: unknown;
  readonly [field: string]: unknown;
}

/** Returns an event as `/events` shows it, without what the service and its peers have chosen to keep. */
export function eventRecord(event: ServerEvent): EventRecord {
  const record: { at: string; type: string; [field: string]: unknown } = {
    at: new Date().toISOString(),
    type: event.type,
  };
  if ("address" in event) record["address"] = addressText(event.address);
  if ("connection" in event) Object.assign(record, shownConnection(event.connection));
  const fields = event as unknown as Readonly<Record<string, unknown>>;
  for (const name of PLAIN) {
    const value = fields[name];
    if (value !== undefined) record[name] = typeof value === "number" ? Math.round(value) : value;
  }
  if ("error" in event && event.error !== undefined) record["error"] = shownError(event.error);
  return record;
}
