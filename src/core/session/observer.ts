import type { ServerBus } from "../bus/bus.ts";
import type { BusEvent } from "../bus/bus_event.ts";
import type { CloseReason, SpillwayError } from "../errors/errors.ts";
import type { Group, Session } from "../handler/session.ts";
import type { SlowConsumerPolicy } from "../output/slow_consumer.ts";
import type { ConnectionInfo } from "../transport/connection_info.ts";
import type { Address } from "../transport/transport.ts";
import type { ServerStats } from "./server_stats.ts";
import type { ShutdownOptions } from "./shutdown_options.ts";
import type { Traffic } from "./traffic.ts";

/** The result of a drain: the number of connections (of a server) or requests (of a client) that finished, and that were aborted. */
export interface DrainResult {
  readonly drained: number;
  readonly aborted: number;
  /**
   * The number of drained connections of a server whose peers did not answer FIN with FIN. Their last bytes may not have arrived. Absent
   * if there are none.
   */
  readonly unconfirmed?: number;
  /**
   * The number of received bytes that the connections of a server, drained or aborted, discarded before the decoder. Absent if there are
   * none.
   */
  readonly bytesDiscarded?: number;
}

/** A server, as its observers see it. */
export interface ObservedServer {
  /** `closed` means drained: its counts are final. From `accepting-stopped` on, it accepts nothing. */
  readonly state: "listening" | "accepting-stopped" | "draining" | "closed";
  readonly addresses: readonly Address[];
  readonly sessions: Iterable<Session<never>>;
  readonly groups: Iterable<Group<never>>;
  readonly bus?: ServerBus | undefined;
  stats(): ServerStats;
  /** Stops accepting connections, as `server.stopAccepting()` does. */
  stopAccepting(): void;
  /** Drains the server, as `server.shutdown()` does: a second call aborts what is left. */
  shutdown(options?: ShutdownOptions): Promise<DrainResult>;
}

/**
 * An event of a server. Events come in the order in which they happen. A later version may add types of events, and
 * fields to a type: an observer ignores what it does not know.
 */
export type ServerEvent =
  /** The server listens on this address. `server` is for observers that read its counts, from now on. */
  | {
      readonly type: "listening";
      readonly address: Address;
      readonly transport: string;
      readonly server: ObservedServer;
    }
  /** Accepting continues after `retryInMs`. Without it, accepting has stopped. */
  | { readonly type: "accept-error"; readonly error: SpillwayError; readonly retryInMs?: number }
  /** `maxConnections` is reached, and further connections wait. Comes once until `connections-available`. */
  | { readonly type: "connections-full"; readonly connections: number }
  /** There has been room for a second. The server was full for `fullMs` before that. */
  | { readonly type: "connections-available"; readonly fullMs: number }
  /** The server accepts no more connections. It serves open ones for `graceMs` and then drains; without it, until `shutdown()`. */
  | { readonly type: "accepting-stopped"; readonly connections: number; readonly graceMs?: number }
  /** A connection is established, and has a session from now on. */
  | { readonly type: "connection-opened"; readonly connection: ConnectionInfo }
  /**
   * A connection was not established, and is over: an establish step has refused it, `establishTimeoutMs` has passed, or
   * the server drains. The code of the error is the reason.
   */
  | {
      readonly type: "establish-failed";
      readonly connection: ConnectionInfo;
      readonly error: SpillwayError<string>;
      readonly durationMs: number;
    }
  | ConnectionClosed
  /** A bad frame. If `skipped`, the frame was dropped, and the connection continues. */
  | {
      readonly type: "frame-error";
      readonly connection: ConnectionInfo;
      readonly error: SpillwayError;
      readonly skipped: boolean;
    }
  /** A handler or a hook failed. The thrown value is the error's `cause`. */
  | { readonly type: "handler-error"; readonly connection: ConnectionInfo; readonly error: SpillwayError }
  /** A push found no room, for the first time since nothing waited. The policy applies to it. */
  | {
      readonly type: "slow-consumer";
      readonly connection: ConnectionInfo;
      readonly policy: SlowConsumerPolicy;
      /** The number of bytes that wait to be written, and the number of pushes among them. */
      readonly waitingBytes: number;
      readonly waitingFrames: number;
    }
  | BusEvent
  | { readonly type: "draining"; readonly connections: number }
  | ({ readonly type: "drained" } & DrainResult);

/** The last event of a connection, with its close reason. */
export interface ConnectionClosed extends Traffic {
  readonly type: "connection-closed";
  readonly connection: ConnectionInfo;
  readonly reason: CloseReason;
  /** The error that broke the connection, if any. */
  readonly error?: SpillwayError;
  /**
   * True when FIN was sent and the peer did not answer with FIN: the peer reset the connection, or `lingerTimeoutMs`, `maxLingerMs` or
   * the timeout of a drain passed. The last bytes may not have arrived. Absent otherwise.
   */
  readonly unconfirmed?: boolean;
  readonly durationMs: number;
  /** The number of frames handled after the connection broke. Present only with `afterReset: "finish"`, if the connection broke. */
  readonly framesAfterReset?: number;
}

/**
 * A function that gets every event, synchronously. Logs and metrics are observers. An error that it throws is counted
 * (`server.stats().observerErrors`), written with `console.error`, and has no other effect.
 */
export type Observer = (event: ServerEvent) => void;

/** Returns the event for the end of a connection. */
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
