import type { Clock } from "../core/mod.ts";
import { MAX_DELAY_MS } from "./options.ts";

/** A token bucket, with a queue of callers that wait for a token. */
export class TokenBucket {
  readonly #perMs: number;
  readonly #burst: number;
  readonly #clock: Clock;
  #tokens: number;
  #filledAt: number;
  /** The callbacks of waiting callers, in FIFO order. */
  readonly #line = new Set<() => void>();
  #timer: unknown;

  constructor(perSecond: number, burst: number, clock: Clock) {
    this.#perMs = perSecond / 1_000;
    this.#burst = burst;
    this.#clock = clock;
    this.#tokens = burst;
    this.#filledAt = clock.now();
  }

  /** Takes a token. Returns false when there is none, or when others wait for one. */
  take(): boolean {
    return this.#line.size === 0 && this.#takeNext();
  }

  /** Waits for a token, then calls `proceed` and fulfils with its result. Rejects with the signal's reason on an earlier abort. */
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

  /** Arms the timer while callers wait, and clears it otherwise. */
  #arm(): void {
    if (this.#line.size === 0) {
      this.#clock.clearTimeout(this.#timer);
      this.#timer = undefined;
    } else {
      this.#timer ??= this.#clock.setTimeout(this.#onTimer, this.#nextTokenInMs);
    }
  }

  /** At least one whole millisecond: the sums are inexact, and a delay of 0 could make the timer fire forever without a token. */
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

/** Runs `run`, and turns an error that it throws into a rejection. */
async function resultOf<Result>(run: () => Result | PromiseLike<Result>): Promise<Result> {
  return run();
}
