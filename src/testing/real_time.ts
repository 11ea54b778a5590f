/**
 * The timers and the clock of the runtime, taken when this module is loaded: a simulation may replace those of the global
 * object (see `virtualGlobals`), and has to go on itself.
 */
const { setImmediate: immediate, setTimeout: timer } = globalThis as {
  setImmediate?: (callback: () => void) => unknown;
  setTimeout: (callback: () => void, delayMs: number) => unknown;
};
const now = performance.now.bind(performance);

/** Calls back in another task of the event loop. */
export const nextTask: (callback: () => void) => void = immediate ?? ((callback) => timer(callback, 0));

/** Returns the milliseconds since a fixed origin. */
export function realNow(): number {
  return now();
}

/** Fulfils after `ms` real milliseconds. */
export function realPause(ms: number): Promise<void> {
  return new Promise((resolve) => void timer(resolve, ms));
}
