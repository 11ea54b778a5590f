/** Time as the core sees it. Injectable, so that a test or a simulation can own it. */
export interface Clock {
  /** Milliseconds from any fixed origin; never goes back. */
  now(): number;
  /** Calls back once, `delayMs` from now or a little later. Returns a handle for {@link clearTimeout}. */
  setTimeout(callback: () => void, delayMs: number): unknown;
  clearTimeout(handle: unknown): void;
  /**
   * Calls back once, when whatever waits already has had a turn: timers that are due, input, room for output. A runtime may
   * deliver a part of that only; then the next call gives more. Left out: `setTimeout` with a delay of 0.
   */
  afterRound?(callback: () => void): void;
}

/**
 * Immediates of a round. Deno looks at the network once in 61 ticks of its loop while there is something else to do, and gives
 * what it has found in the next few. Node and Bun need one.
 */
const ROUND_TICKS = 80;
/**
 * A busy loop takes long for a tick, and looks at the network more often. So a round that has had so many ticks is over after so
 * long: a deadline must not be late by what other connections do.
 */
const LEAST_TICKS = 8;
const LONG_ROUND_MS = 20;

const { setImmediate } = globalThis as { setImmediate?: (callback: () => void) => unknown };

/** The runtime's own monotonic clock and timers. */
export const systemClock: Clock = {
  now: () => performance.now(),
  setTimeout: (callback, delayMs) => setTimeout(callback, delayMs),
  clearTimeout: (handle) => clearTimeout(handle as number | undefined),
  afterRound(callback) {
    const begunAt = performance.now();
    let ticks = 0;
    const tick = (): void => {
      ticks += 1;
      const long = ticks > LEAST_TICKS && performance.now() - begunAt >= LONG_ROUND_MS;
      if (long || ticks > ROUND_TICKS || setImmediate === undefined) callback();
      else setImmediate(tick);
    };
    // Immediates alone do not make timers fire on every runtime, and timers alone do not make Node look at the network.
    setTimeout(tick, 0);
  },
};

/** {@link Clock.afterRound}, of any clock. */
export function afterRound(clock: Clock, callback: () => void): void {
  if (clock.afterRound === undefined) clock.setTimeout(callback, 0);
  else clock.afterRound(callback);
}

/** Immediates that are enough on Node and Bun, between two that are on Deno. */
const QUICK_ROUNDS = 8;

let rounds = 0;

/**
 * Calls back once, when the runtime has polled for input: sooner than {@link Clock.afterRound}, which costs a millisecond or two,
 * and on Deno only the eighth time. For work that would go on and on.
 */
export function afterIo(callback: () => void): void {
  rounds += 1;
  if (rounds % QUICK_ROUNDS === 0) afterRound(systemClock, callback);
  else afterTick(callback);
}

/** Calls back once, when what runs now has returned and all microtasks are done. The runtime need not have polled for input. */
export function afterTick(callback: () => void): void {
  (setImmediate ?? setTimeout)(callback);
}
