import type { Clock } from "../../src/core/mod.ts";
import type { Counts } from "./counts.ts";

interface Timer {
  readonly at: number;
  readonly callback: () => void;
}

/** A clock that counts what is asked of it. Unlike `manualClock` it moves within a call: not a promise is its own. */
export class CountedClock implements Clock {
  readonly #counts: Counts;
  readonly #timers = new Set<Timer>();
  #now = 0;

  constructor(counts: Counts) {
    this.#counts = counts;
  }

  /** How many timers are armed. */
  get pending(): number {
    return this.#timers.size;
  }

  now(): number {
    this.#counts.clockReads += 1;
    return this.#now;
  }

  setTimeout(callback: () => void, delayMs: number): unknown {
    this.#counts.timersSet += 1;
    const timer = { at: this.#now + delayMs, callback };
    this.#timers.add(timer);
    return timer;
  }

  clearTimeout(handle: unknown): void {
    this.#counts.timersCleared += 1;
    this.#timers.delete(handle as Timer);
  }

  /** Moves on by `ms`, and fires what comes due, in the order of its arming. */
  pass(ms: number): void {
    const end = this.#now + ms;
    for (let timer = this.#dueBy(end); timer !== undefined; timer = this.#dueBy(end)) {
      this.#timers.delete(timer);
      this.#now = Math.max(this.#now, timer.at);
      timer.callback();
    }
    this.#now = end;
  }

  #dueBy(instant: number): Timer | undefined {
    for (const timer of this.#timers) if (timer.at <= instant) return timer;
    return undefined;
  }
}
