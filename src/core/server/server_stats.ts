import type { Traffic } from "../session/traffic.ts";

/** Counts since the server began to listen. */
export interface ServerStats extends Traffic {
  /** Connections open now, refused ones not counted. */
  readonly connections: number;
  /** Connections accepted, refused ones not counted. */
  readonly accepted: number;
  /** Connections turned away by `maxConnections`. */
  readonly refused: number;
  /** Handlers at work: asynchronous ones, and streams. */
  readonly handlers: number;
  /** Groups that have members. */
  readonly groups: number;
  /** Bytes that wait now: to be sent, and received but not handled. See `maxTotalOutboundBytes` and `maxTotalInboundBytes`. */
  readonly waitingOutboundBytes: number;
  readonly waitingInboundBytes: number;
  /** Events on which the observer threw. */
  readonly observerErrors: number;
}
