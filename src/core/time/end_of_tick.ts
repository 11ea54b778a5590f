import type { Clock } from "./clock.ts";
import type { Scheduler, Task } from "./scheduler.ts";

/** An owner that is called at the end of a tick. */
export interface TickOwner {
  /** Called with the present instant, or that of a few owners before. */
  onTickEnd(now: number): void;
}

/**
 * The number of owners that share a reading of the clock, which on Deno is a call into the runtime. They take less than
 * about a millisecond.
 */
const OWNERS_PER_LOOK = 64;
/** With fewer owners called, the array is not compacted. */
const MANY_TOLD = 1_024;

/**
 * Calls its owners when the running code has returned: one microtask for any number of owners. When they use up a slice
 * of the event loop, the others are called after a round of I/O.
 */
export class EndOfTick implements Task {
  readonly #clock: Clock;
  readonly #scheduler: Scheduler;
  #owners: TickOwner[] = [];
  /** The number of owners that were called. */
  #told = 0;

  constructor(clock: Clock, scheduler: Scheduler) {
    this.#clock = clock;
    this.#scheduler = scheduler;
  }

  /** Adds an owner. Call this once a tick for each owner. */
  add(owner: TickOwner): void {
    if (this.#owners.push(owner) === 1) queueMicrotask(this.#run);
  }

  onSlice(): void {
    this.#run();
  }

  readonly #run = (): void => {
    const scheduler = this.#scheduler;
    do {
      this.#tellSome();
      if (this.#told === this.#owners.length) return this.#end();
    } while (!scheduler.exhausted);
    scheduler.waitToFlush(this);
  };

  /** Calls the owners that share a reading of the clock. */
  #tellSome(): void {
    const now = this.#clock.now();
    const last = Math.min(this.#told + OWNERS_PER_LOOK, this.#owners.length);
    while (this.#told < last) {
      const owner = this.#owners[this.#told] as TickOwner;
      this.#told += 1;
      owner.onTickEnd(now);
      this.#scheduler.spend();
    }
    if (this.#told < MANY_TOLD || 2 * this.#told < this.#owners.length) return;
    this.#owners = this.#owners.slice(this.#told);
    this.#told = 0;
  }

  /** Owners that were added meanwhile were called as well. */
  #end(): void {
    this.#owners = [];
    this.#told = 0;
  }
}
