import type { End } from "./server_watch.ts";
import { type ShownConnection, type ShownError, shownConnection, shownError } from "./shown.ts";

/** The end of a connection, as `/closed` shows it. */
export interface EndRecord extends ShownConnection {
  /** When it ended, in ISO 8601. */
  readonly at: string;
  readonly reason: string;
  /** False for a connection that an establish step has refused. */
  readonly established: boolean;
  readonly durationMs: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly framesIn: number;
  readonly framesOut: number;
  readonly framesDropped: number;
  readonly unconfirmed?: boolean;
  readonly truncated?: boolean;
  readonly error?: ShownError;
}

const NOTHING = { bytesIn: 0, bytesOut: 0, framesIn: 0, framesOut: 0, framesDropped: 0 };

/** The reason of an end. For one that was not established, the code of its error. */
export function reasonOf({ event }: End): string {
  return event.type === "connection-closed" ? event.reason : event.error.code;
}

export function endRecord(end: End): EndRecord {
  const { at, event } = end;
  const { error } = event;
  const begin = {
    ...shownConnection(event.connection),
    at: new Date(at).toISOString(),
    reason: reasonOf(end),
    established: event.type === "connection-closed",
    durationMs: Math.round(event.durationMs),
  };
  if (event.type === "establish-failed") return { ...begin, ...NOTHING, error: shownError(event.error) };
  const { bytesIn, bytesOut, framesIn, framesOut, framesDropped, truncated, unconfirmed } = event;
  return {
    ...begin,
    bytesIn,
    bytesOut,
    framesIn,
    framesOut,
    framesDropped,
    ...(unconfirmed === true && { unconfirmed }),
    ...(truncated === true && { truncated }),
    ...(error !== undefined && { error: shownError(error) }),
  };
}
