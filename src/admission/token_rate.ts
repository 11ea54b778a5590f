import { checkNumber } from "../core/mod.ts";

/** The part of a token that may be missing, because sums of fractions are inexact. */
const INEXACT = 1e-6;

/**
 * The arithmetic of token buckets that fill at the same rate. The state of a bucket is one number: the instant at which it
 * will be full. A bucket that is full has no state to remember.
 */
export class TokenRate {
  /** The time in which an empty bucket fills, in milliseconds. */
  readonly fillMs: number;
  readonly #perMs: number;
  readonly #burst: number;

  /** A bucket gets `perSecond` tokens a second, and holds `burst`. */
  constructor(perSecond: number, burst: number) {
    this.#perMs = perSecond / 1_000;
    this.#burst = burst;
    this.fillMs = this.durationOf(burst);
  }

  /** Returns the tokens in a bucket, with a fraction. */
  tokens(fullAt: number, now: number): number {
    return this.#burst - Math.max(0, fullAt - now) * this.#perMs + INEXACT;
  }

  /** Takes tokens out of a bucket. Returns the instant at which the bucket will be full. */
  spend(tokens: number, fullAt: number, now: number): number {
    return Math.max(fullAt, now) + this.durationOf(tokens);
  }

  /** Returns the milliseconds in which a bucket gets so many tokens. */
  durationOf(tokens: number): number {
    return tokens / this.#perMs;
  }
}

/** @throws {TypeError | RangeError} not a finite number above 0 */
export function checkRate(name: string, value: number): void {
  checkNumber(name, value);
  if (!(value > 0 && value < Infinity)) throw new RangeError(`${name} must be a finite number above 0, not ${value}`);
}
