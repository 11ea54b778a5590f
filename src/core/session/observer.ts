import type { CloseReason, SpillwayError } from "../errors/errors.ts";
import type { SlowConsumerPolicy } from "../output/slow_consumer.ts";
import type { ConnectionInfo } from "../transport/connection_info.ts";
import type { Address } from "../transport/transport.ts";
import type { Traffic } from "./traffic.ts";

/** How many connections (of a server) or requests (of a client) a drain saw to their end, and how many it had to abort. */
export interface DrainResult {
  readonly drained: number;
  readonly aborted: number;
  /**
   * How many of the drained connections of a server did not answer FIN with their own, so that their last bytes may not have
   * arrived. Left out when there are none.
   */
  readonly unconfirmed?: number;
  /**
   * How many bytes the connections of a server, drained or aborted, discarded: they came, and never reached the decoder. Left out when there
   * are none.
   */
  readonly bytesDiscarded?: number;
}

/** What happened, in the order in which it happened. */
export type ServerEvent =
  | { readonly type: "listening"; readonly address: Address; readonly transport: string }
  /** `retryInMs`: accepting goes on after so long. Without it, accepting is over. */
  | { readonly type: "accept-error"; readonly error: SpillwayError; readonly retryInMs?: number }
  /** `maxConnections` is reached, and further connections wait. Once, until `connections-available`. */
  | { readonly type: "connections-full"; readonly connections: number }
  /** There has been room for a second. It was full for `fullMs` before that. */
  | { readonly type: "connections-available"; readonly fullMs: number }
  /** Nothing more is accepted, and what is open is served: for `graceMs`, then drained; without it, until `shutdown()`. */
  | { readonly type: "accepting-stopped"; readonly connections: number; readonly graceMs?: number }
  | { readonly type: "connection-opened"; readonly connection: ConnectionInfo }
  | ConnectionClosed
  /** `skipped`: the frame was dropped and the connection goes on. */
  | {
      readonly type: "frame-error";
      readonly connection: ConnectionInfo;
      readonly error: SpillwayError;
      readonly skipped: boolean;
    }
  /** What a handler threw is the error's `cause`. */
  | { readonly type: "handler-error"; readonly connection: ConnectionInfo; readonly error: SpillwayError }
  /** What is sent finds no room, for the first time since nothing waited; the policy says what becomes of it. */
  | {
      readonly type: "slow-consumer";
      readonly connection: ConnectionInfo;
      readonly policy: SlowConsumerPolicy;
      /** Bytes that wait to be written, and how many pushes are among them. */
      readonly waitingBytes: number;
      readonly waitingFrames: number;
    }
  | { readonly type: "draining"; readonly connections: number }
  | ({ readonly type: "drained" } & DrainResult);

/** The one event that says how a connection ended. */
export interface ConnectionClosed extends Traffic {
  readonly type: "connection-closed";
  readonly connection: ConnectionInfo;
  readonly reason: CloseReason;
  /** What broke it, when something did. */
  readonly error?: SpillwayError;
  /**
   * True when FIN was sent and the peer did not answer with its own: it reset the connection, or `lingerTimeoutMs`,
   * `maxLingerMs` or a drain's time was up. So the last bytes may not have arrived. Left out otherwise.
   */
  readonly unconfirmed?: boolean;
  readonly durationMs: number;
  /** Frames that were handled after the connection had broken. Only with `afterReset: "finish"`, and only if it did break. */
  readonly framesAfterReset?: number;
}

/**
 * Gets every event, synchronously. Logs and metrics are observers. What it throws is counted
 * (`server.stats().observerErrors`), written with `console.error`, and goes no further: watching must not break what is watched.
 */
export type Observer = (event: ServerEvent) => void;

/** How a connection ended. */
export function connectionClosed(
  connection: ConnectionInfo,
  reason: CloseReason,
  error: SpillwayError | undefined,
  traffic: Traffic,
  durationMs: number,
): ConnectionClosed {
  const { bytesIn, bytesOut, framesIn, framesOut, framesDropped, bytesDiscarded } = traffic;
  const type = "connection-closed";
  // Written out: V8 copies a spread object property by property, at the cost of a microsecond.
  const event = {
    type,
    connection,
    reason,
    bytesIn,
    bytesOut,
    framesIn,
    framesOut,
    framesDropped,
    durationMs,
  } as const;
  const closed = bytesDiscarded === undefined ? event : { ...event, bytesDiscarded };
  return error === undefined ? closed : { ...closed, error };
}
