import { afterRound, type Clock } from "../core/mod.ts";

/** A view of a clock that counts only the timers armed through it. */
export class CountedClock implements Clock {
  readonly #clock: Clock;
  protected readonly armed: Set<unknown> = new Set();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get pending(): number {
    return this.armed.size;
  }

  now(): number {
    return this.#clock.now();
  }

  setTimeout(callback: () => void, delayMs: number): unknown {
    const handle = this.#clock.setTimeout(() => {
      this.armed.delete(handle);
      callback();
    }, delayMs);
    this.armed.add(handle);
    return handle;
  }

  /** Not counted: a round ends by itself, at the instant at which it began. */
  afterRound(callback: () => void): void {
    afterRound(this.#clock, callback);
  }

  clearTimeout(handle: unknown): void {
    this.armed.delete(handle);
    this.#clock.clearTimeout(handle);
  }
}
