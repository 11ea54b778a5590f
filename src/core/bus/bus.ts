import type { SpillwayError } from "../errors/errors.ts";
import type { Clock } from "../time/clock.ts";
import type { Connection, ConnectOptions } from "../transport/transport.ts";

/** The number of topics that names are spread over. Every server of a bus uses the same. */
export const NAME_TOPICS = 256;
/** The topic that every server subscribes to: beacons, and questions to all. */
export const CONTROL_TOPIC = 256;

/**
 * A driver for a broker that carries messages between servers, such as the driver of `spillway/buses/redis`. A driver moves bytes. The
 * server is responsible for envelopes, order, batches, limits and reconnection.
 */
export interface Bus {
  /** The kind of broker, for events and logs: `"redis"`. */
  readonly name: string;
  /**
   * Loads the packages that the driver needs. Called once, before the server listens.
   *
   * @throws {SpillwayError} `bus-unavailable`: a package is not installed
   */
  load?(): Promise<void>;
  /**
   * Connects to the broker, once. The server calls it again after a failure. After ten seconds it gives up, and `context.signal` aborts: then
   * nothing of the attempt may be left.
   *
   * @throws {SpillwayError} `bus-connect-failed`
   */
  connect(context: BusContext): Promise<BusConnection>;
}

/** The server, as the driver of a connection to its broker sees it. */
export interface BusContext {
  /** The clock of the server. */
  readonly clock: Clock;
  /** Connects on the transport of the server. */
  readonly transport: { connect(options: ConnectOptions): Promise<Connection> };
  /** Aborts when the connection, or the attempt to make it, is of no use any more. */
  readonly signal: AbortSignal;
  /** Takes a message of a topic that was subscribed to. The bytes are the server's, and do not change. Never throws. */
  onMessage(topic: number, bytes: Uint8Array): void;
  /** The connection is over. Called once, and not after `close()`. */
  onClosed(error: SpillwayError): void;
}

/** A connection to a broker. Messages of one connection arrive in their order, whatever their topics. */
export interface BusConnection {
  /** The number of bytes of the largest message. */
  readonly maxPayloadBytes: number;
  /**
   * Sends a message to every connection that has subscribed to the topic. Whether this connection is among them is up to the broker. Never
   * waits. The bytes do not change afterwards.
   */
  publish(topic: number, bytes: Uint8Array): void;
  /** Fulfils when the broker sends the messages of these topics. Its promise settles in the order of messages. */
  subscribe(topics: readonly number[]): Promise<void>;
  /** The broker need not send the messages of these topics any more. */
  unsubscribe(topics: readonly number[]): void;
  /** Fulfils when the broker has everything that was published, and answers. */
  flush(): Promise<void>;
  /** Ends the connection at once. */
  close(): void;
}

/** Encodes frames that cross between processes, instead of the built-in form: text, bytes, or JSON. */
export interface BusFrames {
  /** Returns the bytes of a frame. */
  encode(frame: never): Uint8Array;
  /** Returns the frame of these bytes. */
  decode(bytes: Uint8Array): unknown;
}

/** Settings of a server's bus. */
export interface BusOptions {
  /** The driver. */
  readonly via: Bus;
  /**
   * The policy for a frame to other servers when `maxWaitingBytes` wait, because the broker is down or slow. With `"drop"`, the frame is
   * dropped and counted. With `"refuse"`, `broadcast()` throws `bus-full` before anybody gets the frame. Default `"drop"`.
   */
  readonly whenFull?: "drop" | "refuse";
  /**
   * The number of bytes on their way to the broker, those that wait included. As many received bytes may wait to be delivered. A whole
   * number; default 16 MiB.
   */
  readonly maxWaitingBytes?: number;
  /** The time for which a message may wait for the broker. It is dropped later, because it has become stale. Default 10000. */
  readonly maxWaitMs?: number;
  /** The form of frames between processes. Default: strings and `Uint8Array`s as they are, everything else as JSON. */
  readonly frames?: BusFrames;
}

/**
 * Frames of another server that did not arrive here.
 *
 * Only frames of topics that this server subscribes to are counted. Several groups share a topic, so `missed` is the most that its members
 * have missed.
 */
export interface BusGap {
  /** The server that sent them, as in the first half of a `session.id`. */
  readonly origin: string;
  /** The number of frames. */
  readonly missed: number;
  /**
   * Why: one of the two servers lost its connection to the broker (`"disconnected"`), this server could not keep up (`"behind"`), too much
   * waited at the other one (`"origin-full"`), or the broker dropped them (`"lost"`).
   */
  readonly why: "disconnected" | "behind" | "origin-full" | "lost";
}

/** Counts of a server's bus since it began to listen. */
export interface BusStats {
  /** Whether it is connected, and everything subscribed is effective. */
  readonly up: boolean;
  /** The number of times that it came up. */
  readonly connects: number;
  /** The number of frames for other servers that were accepted. */
  readonly framesSent: number;
  /** Of those, the number that were dropped here: too much waited, for too long, or the connection was lost with them. */
  readonly framesDropped: number;
  /** The number of frames refused with `bus-full`. */
  readonly framesRefused: number;
  /** The number of frames that came from other servers. */
  readonly framesReceived: number;
  /** Of those, the number that concerned nobody here: another group shares the topic. */
  readonly framesFiltered: number;
  /** The number of messages that were sent: each has the frames of a turn. */
  readonly messagesSent: number;
  /** The number of messages that came. */
  readonly messagesReceived: number;
  /** The number of bytes of the messages that were sent. */
  readonly bytesSent: number;
  /** The number of bytes of the messages that came. */
  readonly bytesReceived: number;
  /** The number of bytes that wait for the broker, or are on their way there. */
  readonly waitingBytes: number;
  /** The number of bytes that came and wait to be delivered. */
  readonly waitingInboundBytes: number;
  /** The number of gaps. */
  readonly gaps: number;
  /** The number of frames in the gaps. */
  readonly framesMissed: number;
  /** The number of messages that could not be read, or could not be encoded for any member. */
  readonly invalid: number;
  /** The number of other servers that were heard in the last seconds. */
  readonly servers: number;
  /** The number of topics that it subscribes to. */
  readonly topics: number;
}

/** The number of members of a group in all servers: see {@link Group.presence}. */
export interface Presence {
  /** The number of members. */
  readonly members: number;
  /** The number of servers that have members. */
  readonly servers: number;
  /** Whether every server that was heard lately has answered. */
  readonly complete: boolean;
}

/** The bus of a running server. */
export interface ServerBus {
  /** The name of the driver. */
  readonly name: string;
  /** The identity of this server on the bus, new for each server. */
  readonly origin: string;
  /** Whether it is connected, and everything subscribed is effective. */
  readonly up: boolean;
  /** Returns the present counts. */
  stats(): BusStats;
  /**
   * Fulfils with true when every group that has members now is subscribed to, and everything sent before is with the broker. Waits for a
   * bus that is down. Fulfils with false when the bus goes down meanwhile, or the server ends. Never rejects.
   */
  settled(): Promise<boolean>;
}
