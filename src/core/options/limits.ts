/** Settings of time and size, their defaults, and the checks that refuse nonsense at the call. */
import type { OptionNames } from "./option_names.ts";

/** Limits of what listens. */
export interface ListenerLimits {
  /**
   * Connections that may wait to be accepted. A whole number; default 4096, the usual maximum of the Linux kernel,
   * which lowers it to its own limit.
   */
  readonly backlog: number;
  /**
   * A connection on which nothing has come for so long is probed by the system (TCP keepalive), every second: after ten probes without an
   * answer it ends as `connection-failed` or `connection-reset`. Counted in whole seconds, rounded up; at most 32767000. Default
   * `Infinity`: no probes. Node and Bun only: `runtime-unsupported` on Deno.
   */
  readonly keepAliveMs: number;
}

/** Limits of each connection. */
export interface ConnectionLimits {
  /** No byte for so long while nothing is in flight: `idle-timeout`. Default 300000 (5 min). */
  readonly idleTimeoutMs: number;
  /**
   * No byte received for so long, whatever was sent meanwhile: `silence-timeout`. It is for peers that must speak up from time to time:
   * a connection that is broadcast to is never idle, even when nobody is left at its other end. It runs while it is the peer's
   * turn: not while its frames wait here or are at work, nor while a reply to it is on its way. Default `Infinity`.
   */
  readonly silenceTimeoutMs: number;
  /** A frame was begun and is not whole after so long: `frame-timeout`. Default 30000. */
  readonly frameTimeoutMs: number;
  /** A handler has not finished after so long: `handler-timeout`. Default 30000. */
  readonly handlerTimeoutMs: number;
  /**
   * The peer is so far behind with what waits to be sent: `write-timeout`. It is as far behind as the time since something
   * began to wait, less the time that the bytes which the kernel took since would need at `minWriteBytesPerSecond`; and never less
   * than 0. So nothing taken for so long is too slow, and so is a trickle below that rate. Default 180000 (3 min): Linux may
   * report that a slow reader made room for a megabyte only when it has made all of it.
   */
  readonly writeTimeoutMs: number;
  /**
   * How fast the peer must take what waits to be sent, on average over `writeTimeoutMs`. A whole number; default 1024.
   * `Infinity` asks for no rate: any byte that is taken starts `writeTimeoutMs` anew.
   */
  readonly minWriteBytesPerSecond: number;
  /** Authentication, where a middleware asks for it, is not complete after so long: `authentication-timeout`. Default 10000. */
  readonly authenticationTimeoutMs: number;
  /** A connection is closed in order after so long: `lifetime-reached`. Default `Infinity`. */
  readonly lifetimeMs: number;
  /**
   * After FIN was sent, wait so long for the peer's before releasing; so long again whenever input comes, and longer where
   * much was sent lately, as for a reader of 128 KiB/s. A connection on which nothing was said for so long is released at once.
   * Default 2000.
   */
  readonly lingerTimeoutMs: number;
  /** The most that all of this may take after FIN was sent, if it is more than `lingerTimeoutMs`. Default 30000. */
  readonly maxLingerMs: number;
  /** Frames of one connection in the handler at once. A whole number; default 1. */
  readonly concurrency: number;
  /**
   * Bytes of one connection that wait to be sent: above, its frames wait, and pushes meet `slowConsumer`. One frame may be
   * larger, if nothing else waits. A whole number; default 1 MiB.
   */
  readonly maxOutboundBytes: number;
  /** Pushes of one connection that wait behind what is being written: the same. A whole number; default 16384. */
  readonly maxOutboundFrames: number;
}

/** Limits of a whole server. */
export interface ServerLimits {
  /** Connections served at once. A whole number; default 65536. */
  readonly maxConnections: number;
  /**
   * Asynchronous handlers at work at once, of all connections together; further frames wait. An `onConnect` counts, but does
   * not wait. A whole number; default 65536.
   */
  readonly maxConcurrentHandlers: number;
  /**
   * Bytes that wait to be sent, of all connections of a server together. While there are more, the connections that hold the most
   * are reset, the largest first: `budget-exceeded`. A whole number; default 256 MiB.
   */
  readonly maxTotalOutboundBytes: number;
  /**
   * Bytes that were received and wait, of all connections of a server together: of frames that are not whole, and behind frames
   * that are at work. The same. A whole number; default 256 MiB.
   */
  readonly maxTotalInboundBytes: number;
  /** What a shutdown may take before it aborts what remains: `drain-timeout`. Default 10000. */
  readonly drainTimeoutMs: number;
}

/**
 * Limits of a server, its listener and its connections. `Infinity` turns one off; 0, negatives and NaN are a `RangeError`.
 *
 * A deadline that is found late, as after a handler that blocked the event loop, passes only when the input that waits has been
 * read: a peer whose bytes came in time is not closed.
 */
export interface Limits extends ListenerLimits, ConnectionLimits, ServerLimits {}

/** What the kernel takes for the time before the first probe: 15 bits of seconds. */
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
  concurrency: 1,
  maxConcurrentHandlers: 65_536,
  maxOutboundBytes: 1_048_576,
  maxOutboundFrames: 16_384,
  maxTotalOutboundBytes: 268_435_456,
  maxTotalInboundBytes: 268_435_456,
  backlog: 4_096,
};

/** What a limit is called. */
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

/** What a transport is told of keepalive: nothing when it is off. Whole seconds, which is how the kernel counts. */
export function keepAliveOf({ keepAliveMs }: Pick<ListenerLimits, "keepAliveMs">): { readonly keepAliveMs?: number } {
  return keepAliveMs === Infinity ? {} : { keepAliveMs: 1_000 * Math.ceil(keepAliveMs / 1_000) };
}

/** A number of milliseconds above 0, or `Infinity`. */
export function checkDuration(name: string, value: number): number {
  checkNumber(name, value);
  if (!(value > 0)) throw new RangeError(`${name} must be more than 0 ms (Infinity turns it off), not ${value}`);
  return value;
}

/** A whole number of at least 1, or `Infinity`. */
export function checkCount(name: string, value: number): number {
  checkNumber(name, value);
  if (value === Infinity || isWhole(value, 1)) return value;
  throw new RangeError(`${name} must be a whole number of at least 1 (Infinity turns it off), not ${value}`);
}

/** A whole number of at least `least`. @throws {TypeError} not a number @throws {RangeError} not whole, or too small */
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

/** @throws {TypeError} not a number */
export function checkNumber(name: string, value: number): void {
  if (typeof value !== "number") throw new TypeError(`${name} must be a number, not ${typeof value}`);
}
