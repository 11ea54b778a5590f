import type { Clock } from "../core/mod.ts";
import { MAX_DELAY_MS } from "./options.ts";

/** A bucket that fills up with tokens, and those who wait for one, in line. */
export class TokenBucket {
  readonly #perMs: number;
  readonly #burst: number;
  readonly #clock: Clock;
  #tokens: number;
  #filledAt: number;
  /** What to call when there is a token, first come first served. */
  readonly #line = new Set<() => void>();
  #timer: unknown;

  constructor(perSecond: number, burst: number, clock: Clock) {
    this.#perMs = perSecond / 1_000;
    this.#burst = burst;
    this.#clock = clock;
    this.#tokens = burst;
    this.#filledAt = clock.now();
  }

  /** Takes a token. False when there is none, or others wait for it. */
  take(): boolean {
    return this.#line.size === 0 && this.#takeNext();
  }

  /** Gives what `proceed` gives, called with a token in hand. Rejects with the signal's reason when that aborts before. */
  wait<Result>(signal: AbortSignal, proceed: () => Result | PromiseLike<Result>): Promise<Result> {
    return new Promise((resolve, reject) => {
      const go = () => {
        signal.removeEventListener("abort", leave);
        resolve(resultOf(proceed));
      };
      const leave = () => {
        this.#line.delete(go);
        this.#arm();
        reject(signal.reason as Error);
      };
      if (signal.aborted) return leave();
      signal.addEventListener("abort", leave, { once: true });
      this.#line.add(go);
      this.#arm();
    });
  }

  #takeNext(): boolean {
    const now = this.#clock.now();
    this.#tokens = Math.min(this.#burst, this.#tokens + (now - this.#filledAt) * this.#perMs);
    this.#filledAt = now;
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }

  /** There is a timer while somebody waits. */
  #arm(): void {
    if (this.#line.size === 0) {
      this.#clock.clearTimeout(this.#timer);
      this.#timer = undefined;
    } else {
      this.#timer ??= this.#clock.setTimeout(this.#onTimer, this.#nextTokenInMs);
    }
  }

  /** Whole milliseconds, and one at least: the sums are not exact, and a timer must not be for nothing forever. */
  get #nextTokenInMs(): number {
    const delay = Math.ceil((1 - this.#tokens) / this.#perMs);
    return Math.min(Math.max(1, delay), MAX_DELAY_MS);
  }

  readonly #onTimer = (): void => {
    this.#timer = undefined;
    for (const go of this.#line) {
      if (!this.#takeNext()) break;
      this.#line.delete(go);
      go();
    }
    this.#arm();
  };
}

/** What it throws is a rejection. */
async function resultOf<Result>(run: () => Result | PromiseLike<Result>): Promise<Result> {
  return run();
}
