import type { CloseReason, SpillwayError } from "../errors/errors.ts";
import type { DrainResult, ServerEvent } from "../session/observer.ts";

/**
 * The events of a client, in the order in which they happened. Those of its connections are those of a server's; their `id` counts up
 * from 1 within one client. `handler-error` reports an exception of `isPush`,
 * `expect` or `onConnect`.
 */
export type ClientEvent =
  | Extract<
      ServerEvent,
      { readonly type: "connection-opened" | "connection-closed" | "frame-error" | "handler-error" | "slow-consumer" }
    >
  /** The connection is lost. After `delayMs`, the attempt with this number is made. */
  | {
      readonly type: "reconnecting";
      /** The number of the attempt, from 1. */
      readonly attempt: number;
      /** The pause before it, in ms. */
      readonly delayMs: number;
    }
  /** The attempt with this number has failed. */
  | {
      readonly type: "connect-error";
      /** The number of the attempt, from 1. */
      readonly attempt: number;
      /** Why: the code says whether it was refused, timed out, or failed in an establish step. */
      readonly error: SpillwayError;
    }
  /** `close()` was called while this number of requests was unanswered. */
  | {
      readonly type: "client-draining";
      /** The number of unanswered requests. */
      readonly requests: number;
    }
  /** Every request has ended: the numbers of those that finished and of those that were aborted. */
  | ({ readonly type: "client-drained" } & DrainResult)
  /** The client is closed, and makes no further connection. This is its last event. */
  | ({ readonly type: "client-closed" } & ClientEnd);

/** The reason for which a client is closed. */
export interface ClientEnd {
  /** The reason for which its last connection ended; `connection-failed` if no further connection could be made. */
  readonly reason: CloseReason;
  /** The error that ended the client, if any. */
  readonly error?: SpillwayError;
}
