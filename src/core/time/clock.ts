/** The clock of the core. It can be replaced, so that a test or a simulation controls time. */
export interface Clock {
  /** Returns the milliseconds since any fixed origin. Never decreases. */
  now(): number;
  /** Calls back once, after `delayMs` or a little later. Returns a handle for {@link clearTimeout}. */
  setTimeout(callback: () => void, delayMs: number): unknown;
  /** Takes back a timer. Has no effect on one that has fired. */
  clearTimeout(handle: unknown): void;
  /**
   * Calls back once, after everything that waits now has run: due timers, input, room for output. A runtime may deliver
   * only a part of that; then the next call delivers more. Default: `setTimeout` with a delay of 0.
   */
  afterRound?(callback: () => void): void;
}

/**
 * The number of immediates in a round. While there is other work, Deno looks at the network once in 61 ticks of its
 * loop, and delivers what it found in the next few. Node and Bun need one.
 */
const ROUND_TICKS = 80;
/**
 * Ticks of a busy loop are long, and it looks at the network more often. So a round of at least this many ticks ends
 * after this time: a deadline must not be late because of other connections.
 */
const LEAST_TICKS = 8;
const LONG_ROUND_MS = 20;

const { setImmediate } = globalThis as { setImmediate?: (callback: () => void) => unknown };

/** The monotonic clock and the timers of the runtime. */
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

/** Calls {@link Clock.afterRound} of any clock, or its default. */
export function afterRound(clock: Clock, callback: () => void): void {
  if (clock.afterRound === undefined) clock.setTimeout(callback, 0);
  else clock.afterRound(callback);
}

/** The period of rounds that work on Deno, too. Between them, one immediate is enough for Node and Bun. */
const QUICK_ROUNDS = 8;

let rounds = 0;

/**
 * Calls back once, after the runtime has polled for input. This is faster than {@link Clock.afterRound}, which costs a
 * millisecond or two; on Deno only every eighth call polls. It is for work that would go on without end.
 */
export function afterIo(callback: () => void): void {
  rounds += 1;
  if (rounds % QUICK_ROUNDS === 0) afterRound(systemClock, callback);
  else afterTick(callback);
}

/**
 * Calls back once, after the running code has returned and all microtasks are done. The runtime need not have polled
 * for input.
 */
export function afterTick(callback: () => void): void {
  (setImmediate ?? setTimeout)(callback);
}

/** {@link afterTick}, on any clock. */
export function afterTurn(clock: Clock, callback: () => void): void {
  if (clock === systemClock) afterTick(callback);
  else clock.setTimeout(callback, 0);
}
