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
  /** The number that finished in order. */
  readonly drained: number;
  /** The number that was aborted, at the end of the timeout or because the drain was forced. */
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
  /** The addresses on which the server listens, with actual ports. */
  readonly addresses: readonly Address[];
  /** The sessions of all open connections. */
  readonly sessions: Iterable<Session<never>>;
  /** The groups that have members. */
  readonly groups: Iterable<Group<never>>;
  /** The bus, if it has one. */
  readonly bus?: ServerBus | undefined;
  /** Returns the present counts. */
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
      /** The address, with the actual port. Of several, each has an event. */
      readonly address: Address;
      /** The name and version of the runtime, such as `node 20.20.2`. */
      readonly transport: string;
      /** The server, whose counts may be read at any time. */
      readonly server: ObservedServer;
    }
  /** Accepting continues after `retryInMs`. Without it, accepting has stopped. */
  | {
      readonly type: "accept-error";
      /** Why: its code is one of those of accepting. */
      readonly error: SpillwayError;
      /** The time to the next attempt, in ms. Absent when accepting has stopped for good. */
      readonly retryInMs?: number;
    }
  /** `maxConnections` is reached, and further connections wait. Comes once until `connections-available`. */
  | {
      readonly type: "connections-full";
      /** The number of open connections. */
      readonly connections: number;
    }
  /** There has been room for a second. The server was full for `fullMs` before that. */
  | {
      readonly type: "connections-available";
      /** The time for which it was full, in ms. */
      readonly fullMs: number;
    }
  /** The server accepts no more connections. It serves open ones for `graceMs` and then drains; without it, until `shutdown()`. */
  | {
      readonly type: "accepting-stopped";
      /** The number of open connections. */
      readonly connections: number;
      /** The time to the drain, in ms. Absent without a grace period. */
      readonly graceMs?: number;
    }
  /** A connection is established, and has a session from now on. */
  | {
      readonly type: "connection-opened";
      /** Its number, its addresses, and what TLS and a PROXY header say of it. */
      readonly connection: ConnectionInfo;
    }
  /**
   * A connection was not established, and is over: an establish step has refused it, `establishTimeoutMs` has passed, or
   * the server drains. The code of the error is the reason.
   */
  | {
      readonly type: "establish-failed";
      /** The connection, as far as the steps before have identified it. */
      readonly connection: ConnectionInfo;
      /** Why. The codes of steps are their authors' to choose. */
      readonly error: SpillwayError<string>;
      /** The time since it was accepted, in ms. */
      readonly durationMs: number;
    }
  | ConnectionClosed
  /** A bad frame. If `skipped`, the frame was dropped, and the connection continues. */
  | {
      readonly type: "frame-error";
      /** The connection that sent it. */
      readonly connection: ConnectionInfo;
      /** The fault of the frame: `frame-too-large`, `frame-invalid` or `codec-failed`. */
      readonly error: SpillwayError;
      /** Whether the connection continues, as `invalidFrame: "skip"` has it. */
      readonly skipped: boolean;
    }
  /** A handler or a hook failed. The thrown value is the error's `cause`. */
  | {
      readonly type: "handler-error";
      /** The connection whose frame or hook it was. */
      readonly connection: ConnectionInfo;
      /** Why: its code is `handler-failed` or `handler-timeout`, and its `cause` what was thrown. */
      readonly error: SpillwayError;
    }
  /** A push found no room, for the first time since nothing waited. The policy applies to it. */
  | {
      readonly type: "slow-consumer";
      /** The connection whose peer does not read. */
      readonly connection: ConnectionInfo;
      /** The policy that applies to the push. */
      readonly policy: SlowConsumerPolicy;
      /** The number of bytes that wait to be written. */
      readonly waitingBytes: number;
      /** The number of pushes that wait to be written. */
      readonly waitingFrames: number;
    }
  | BusEvent
  /** The drain begins: nothing is accepted, idle connections are closed, and busy ones finish what they have received. */
  | {
      readonly type: "draining";
      /** The number of open connections. */
      readonly connections: number;
    }
  /** The drain is over, and no connection is left. This is the last event of a server. */
  | ({ readonly type: "drained" } & DrainResult);

/** The last event of a connection, with its close reason. */
export interface ConnectionClosed extends Traffic {
  /** Tells the event from others. */
  readonly type: "connection-closed";
  /** The connection that is over. */
  readonly connection: ConnectionInfo;
  /** The one reason for which it ended. */
  readonly reason: CloseReason;
  /** The error that broke the connection, if any. */
  readonly error?: SpillwayError;
  /**
   * True when FIN was sent and the peer did not answer with FIN: the peer reset the connection, or `lingerTimeoutMs`, `maxLingerMs` or
   * the timeout of a drain passed. The last bytes may not have arrived. Absent otherwise.
   */
  readonly unconfirmed?: boolean;
  /**
   * True when the peer's FIN came without the close_notify of TLS, before this side had ended: somebody on the way may
   * have cut the connection, and its last bytes. Many programs end so, too. Absent otherwise.
   */
  readonly truncated?: boolean;
  /** The time since it was accepted or made, in ms. */
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
