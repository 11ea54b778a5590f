import type { Recorders } from "./numbers.ts";

const MICRO = 1e-6;
const MILLI = 1e-3;
const MINUTE = 60;
const HOUR = 3_600;

/** The bounds of the buckets of the histograms, in seconds. */
export const BUCKETS: Readonly<Record<keyof Recorders, readonly number[]>> = {
  handler: [
    ...[10, 100, 250, 500].map((micros) => round(micros * MICRO)),
    ...[1, 2.5, 5, 10, 25, 50, 100, 250, 500].map((millis) => round(millis * MILLI)),
    1,
    2.5,
    5,
    10,
    30,
  ],
  connection: [0.01, 0.1, 1, 10, MINUTE, 10 * MINUTE, HOUR, 6 * HOUR, 24 * HOUR],
  loopDelay: [1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000].map((millis) => round(millis * MILLI)),
};

/** Removes what multiplication adds: the bounds are labels. */
function round(seconds: number): number {
  return Number(seconds.toPrecision(6));
}

/** @throws {TypeError | RangeError} not ascending finite numbers above 0 */
export function checkBuckets(name: string, bounds: readonly number[]): readonly number[] {
  const seconds: unknown = bounds;
  if (!Array.isArray(seconds) || seconds.some((bound) => typeof bound !== "number")) {
    throw new TypeError(`${name} must be an array of numbers of seconds`);
  }
  const wrong = bounds.findIndex((bound, index) => !(bound > (bounds[index - 1] ?? 0) && bound < Infinity));
  if (wrong === -1 && bounds.length > 0) return [...bounds];
  throw new RangeError(
    `${name} must be finite numbers of seconds above 0, each above the one before, not [${bounds.join(", ")}]`,
  );
}
