import type { CloseReason, SpillwayError } from "../errors/errors.ts";
import type { DrainResult, ServerEvent } from "../session/observer.ts";

/** What happens to a connection of a client, as it does to one of a server: the `id` counts up from 1 within one client. */
type ConnectionEvent = Extract<
  ServerEvent,
  { readonly type: "connection-opened" | "connection-closed" | "frame-error" | "handler-error" | "slow-consumer" }
>;

/** What happened to a client, in the order in which it happened. `handler-error`: what `isPush`, `expect` or `onConnect` threw. */
export type ClientEvent =
  | ConnectionEvent
  /** The connection is lost; after `delayMs` the attempt of that number is made. */
  | { readonly type: "reconnecting"; readonly attempt: number; readonly delayMs: number }
  /** That attempt has failed. */
  | { readonly type: "connect-error"; readonly attempt: number; readonly error: SpillwayError }
  /** `close()` was called. `requests`: how many are not answered. */
  | { readonly type: "client-draining"; readonly requests: number }
  /** Every request came to its end: how many by themselves, and how many were aborted. */
  | ({ readonly type: "client-drained" } & DrainResult)
  | ({ readonly type: "client-closed" } & ClientEnd);

/** Why a client is closed. */
export interface ClientEnd {
  /** Why its last connection ended; `connection-failed` when another could not be made. */
  readonly reason: CloseReason;
  /** What broke it, when something did. */
  readonly error?: SpillwayError;
}
