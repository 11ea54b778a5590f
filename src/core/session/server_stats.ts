import type { Traffic } from "./traffic.ts";

/** The result of `server.stats()`: counts since the server began to listen. */
export interface ServerStats extends Traffic {
  /** The number of open connections, except refused ones. */
  readonly connections: number;
  /** The number of connections in their establish steps. */
  readonly establishing: number;
  /** The number of accepted connections, except refused ones and those that were not established. */
  readonly accepted: number;
  /** The number of connections that were not established (event `establish-failed`). */
  readonly establishFailed: number;
  /** The number of connections refused because of `maxConnections`. */
  readonly refused: number;
  /** The number of running asynchronous handlers and streams. */
  readonly handlers: number;
  /** The number of groups with members. */
  readonly groups: number;
  /** The number of bytes that wait to be sent. `maxTotalOutboundBytes` bounds it. */
  readonly waitingOutboundBytes: number;
  /** The number of received bytes that wait. `maxTotalInboundBytes` bounds it. */
  readonly waitingInboundBytes: number;
  /** The number of events on which the observer threw. */
  readonly observerErrors: number;
}
