/** Limits on time and size, their defaults, and their validation. */
import type { OptionNames } from "./option_names.ts";

/** Limits of a listener. */
export interface ListenerLimits {
  /**
   * The number of connections that may wait to be accepted. A whole number; default 4096, the usual maximum of the Linux
   * kernel, which reduces larger values to its own limit.
   */
  readonly backlog: number;
  /**
   * The time without received data after which the system probes a connection every second (TCP keepalive). After ten probes without
   * an answer the connection ends as `connection-failed` or `connection-reset`. Rounded up to whole seconds; at most 32767000. Default
   * `Infinity`: no probes. Node and Bun only; Deno refuses it with `runtime-unsupported`.
   */
  readonly keepAliveMs: number;
}

/** Limits of each connection. */
export interface ConnectionLimits {
  /** The time without a byte, sent or received, while nothing is in flight: `idle-timeout`. Default 300000 (5 min). */
  readonly idleTimeoutMs: number;
  /**
   * The time without a received byte, whatever is sent: `silence-timeout`. Use it for peers that must send regularly: a connection that
   * gets broadcasts is never idle, even if its peer is gone. It runs while it is the peer's turn to send: not while frames of the
   * peer wait or are in the handler, nor while a reply is being sent. Default `Infinity`.
   */
  readonly silenceTimeoutMs: number;
  /** The time to receive a whole frame, from its first byte: `frame-timeout`. Default 30000. */
  readonly frameTimeoutMs: number;
  /** The time for a handler to finish: `handler-timeout`. Default 30000. */
  readonly handlerTimeoutMs: number;
  /**
   * The time that a peer may be behind in reading: `write-timeout`. A peer is behind by the time for which output has waited, less the
   * time that the bytes accepted by the kernel need at `minWriteBytesPerSecond`, and never by less than 0. The limit therefore applies to
   * a peer that accepts nothing and to one that is slower than that rate. Default 180000 (3 min), because Linux may report the room
   * that a slow reader makes only a megabyte at a time.
   */
  readonly writeTimeoutMs: number;
  /**
   * The rate at which a peer must accept waiting output, on average over `writeTimeoutMs`. A whole number; default 1024.
   * `Infinity` requires no rate: any accepted byte restarts `writeTimeoutMs`.
   */
  readonly minWriteBytesPerSecond: number;
  /** The time to complete authentication, if a middleware requires it: `authentication-timeout`. Default 10000. */
  readonly authenticationTimeoutMs: number;
  /** The time for all establish steps of a connection, and for `context.startTls()`: `establish-timeout`. Default 10000. */
  readonly establishTimeoutMs: number;
  /** The lifetime of a connection, which is then closed in order: `lifetime-reached`. Default `Infinity`. */
  readonly lifetimeMs: number;
  /**
   * The time to wait for the peer's FIN after sending FIN. Input restarts it, and recent output extends it by the time that a reader
   * of 128 KiB/s needs. A connection without a byte in either direction for this time is released at once. Default 2000.
   */
  readonly lingerTimeoutMs: number;
  /** The total time to wait after sending FIN, if it is more than `lingerTimeoutMs`. Default 30000. */
  readonly maxLingerMs: number;
  /** The number of frames of one connection in the handler at once. A whole number; default 1. */
  readonly concurrency: number;
  /**
   * The number of bytes of one connection that may wait to be sent. At the limit, its frames wait, and `slowConsumer` applies to its
   * pushes. One frame may be larger if nothing else waits. A whole number; default 1 MiB.
   */
  readonly maxOutboundBytes: number;
  /**
   * The number of pushes of one connection that may wait to be written. `slowConsumer` applies at the limit. A whole
   * number; default 16384.
   */
  readonly maxOutboundFrames: number;
}

/** Limits of a whole server. */
export interface ServerLimits {
  /** The number of connections served at once. A whole number; default 65536. */
  readonly maxConnections: number;
  /**
   * The number of connections that may be in their establish steps at once. They count in `maxConnections`. Further
   * connections wait in the backlog. A whole number; default 1024.
   */
  readonly maxEstablishing: number;
  /**
   * The number of asynchronous handlers of all connections that may run at once. Further frames wait. An `onConnect` counts, but does
   * not wait. A whole number; default 65536.
   */
  readonly maxConcurrentHandlers: number;
  /**
   * The number of bytes of all connections that may wait to be sent. Above the limit, the connections that hold the most are reset, the
   * largest first: `budget-exceeded`. A whole number; default 256 MiB.
   */
  readonly maxTotalOutboundBytes: number;
  /**
   * The number of received bytes of all connections that may wait: incomplete frames, and input behind frames that are in the handler.
   * Above the limit, connections are reset as for `maxTotalOutboundBytes`. A whole number; default 256 MiB.
   */
  readonly maxTotalInboundBytes: number;
  /** The time for a shutdown to drain before it aborts the remaining connections: `drain-timeout`. Default 10000. */
  readonly drainTimeoutMs: number;
}

/**
 * Limits of a server, its listener and its connections. `Infinity` turns one off; 0, negatives and NaN are a `RangeError`.
 *
 * If a deadline is detected late, for example after a handler that blocked the event loop, waiting input is read before the deadline
 * passes. A peer whose bytes came in time is not closed.
 */
export interface Limits extends ListenerLimits, ConnectionLimits, ServerLimits {}

/** The kernel's maximum for the time before the first probe: 15 bits of seconds. */
const LONGEST_KEEP_ALIVE_MS = 32_767_000;

const DEFAULTS: Limits = {
  idleTimeoutMs: 300_000,
  silenceTimeoutMs: Number.POSITIVE_INFINITY,
  keepAliveMs: Number.POSITIVE_INFINITY,
  frameTimeoutMs: 30_000,
  handlerTimeoutMs: 30_000,
  writeTimeoutMs: 180_000,
  minWriteBytesPerSecond: 1_024,
  authenticationTimeoutMs: 10_000,
  lifetimeMs: Number.POSITIVE_INFINITY,
  lingerTimeoutMs: 2_000,
  maxLingerMs: 30_000,
  drainTimeoutMs: 10_000,
  maxConnections: 65_536,
  establishTimeoutMs: 10_000,
  maxEstablishing: 1_024,
  concurrency: 1,
  maxConcurrentHandlers: 65_536,
  maxOutboundBytes: 1_048_576,
  maxOutboundFrames: 16_384,
  maxTotalOutboundBytes: 268_435_456,
  maxTotalInboundBytes: 268_435_456,
  backlog: 4_096,
};

/** The names of all limits. */
export const LIMIT_NAMES = Object.fromEntries(Object.keys(DEFAULTS).map((name) => [name, true])) as OptionNames<Limits>;

/** Fills in defaults. @throws {TypeError} not a number @throws {RangeError} 0, negative, NaN, or a fraction of a count */
export function resolveLimits(given: Partial<Limits>): Limits {
  const limits: Record<string, number> = {};
  for (const [name, fallback] of Object.entries(DEFAULTS) as [keyof Limits, number][]) {
    const value = given[name] ?? fallback;
    limits[name] = name.endsWith("Ms") ? checkDuration(name, value) : checkCount(name, value);
  }
  checkKeepAlive(limits.keepAliveMs as number);
  return limits as unknown as Limits;
}

function checkKeepAlive(ms: number): void {
  if (ms <= LONGEST_KEEP_ALIVE_MS || ms === Infinity) return;
  throw new RangeError(`keepAliveMs must be at most ${LONGEST_KEEP_ALIVE_MS} (Infinity turns it off), not ${ms}`);
}

/** The keepalive option for a transport, in whole seconds as the kernel requires; empty when keepalive is off. */
export function keepAliveOf({ keepAliveMs }: Pick<ListenerLimits, "keepAliveMs">): { readonly keepAliveMs?: number } {
  return keepAliveMs === Infinity ? {} : { keepAliveMs: 1_000 * Math.ceil(keepAliveMs / 1_000) };
}

/** Checks a number of milliseconds above 0, or `Infinity`. */
export function checkDuration(name: string, value: number): number {
  checkNumber(name, value);
  if (!(value > 0)) throw new RangeError(`${name} must be more than 0 ms (Infinity turns it off), not ${value}`);
  return value;
}

/** Checks a whole number of at least 1, or `Infinity`. */
export function checkCount(name: string, value: number): number {
  checkNumber(name, value);
  if (value === Infinity || isWhole(value, 1)) return value;
  throw new RangeError(`${name} must be a whole number of at least 1 (Infinity turns it off), not ${value}`);
}

/**
 * Checks a whole number of at least `least`.
 *
 * @throws {TypeError} not a number
 *
 * @throws {RangeError} not whole, or too small
 */
export function checkWhole(name: string, value: number, least: number = 1): number {
  checkNumber(name, value);
  if (isWhole(value, least)) return value;
  throw new RangeError(`${name} must be a whole number of at least ${least}, not ${value}`);
}

function isWhole(value: number, least: number): boolean {
  return Number.isSafeInteger(value) && value >= least;
}

/** @throws {RangeError} not a whole number from 0 to 65535 */
export function checkPort(value: number): number {
  checkNumber("port", value);
  if (!Number.isInteger(value) || value < 0 || value > 65_535) {
    throw new RangeError(`port must be a whole number from 0 to 65535, not ${value}`);
  }
  return value;
}

/** @throws {TypeError} not a string, or empty */
export function checkHostname(value: string): string {
  if (typeof value !== "string" || value === "" || value.startsWith("[")) {
    throw new TypeError(
      `hostname must be a name or a numeric address (IPv6 without brackets), not ${JSON.stringify(value)}`,
    );
  }
  return value;
}

/** @throws {RangeError} not one of the choices */
export function checkChoice(name: string, value: string, choices: readonly string[]): void {
  if (choices.includes(value)) return;
  throw new RangeError(
    `${name} must be ${choices.map((choice) => JSON.stringify(choice)).join(" or ")}, not ${JSON.stringify(value)}`,
  );
}

/** @throws {TypeError} neither true nor false */
export function checkBoolean(name: string, value: boolean): void {
  if (typeof value !== "boolean") throw new TypeError(`${name} must be true or false, not ${typeof value}`);
}

/**
 * Checks a number.
 *
 * @throws {TypeError} not a number
 */
export function checkNumber(name: string, value: number): void {
  if (typeof value !== "number") throw new TypeError(`${name} must be a number, not ${typeof value}`);
}
