import type { Clock } from "./clock.ts";
import type { Scheduler, Task } from "./scheduler.ts";

/** Who has something to do when the tick ends. */
export interface TickOwner {
  /** Called with the present instant, or one a few owners earlier. */
  onTickEnd(now: number): void;
}

/** How many owners share a look at the clock, which on Deno is a call into the runtime: by then hardly a millisecond passed. */
const OWNERS_PER_LOOK = 64;
/** Fewer that were told are not worth closing up the places that they leave free. */
const MANY_TOLD = 1_024;

/**
 * What is to be done once the code that runs now has returned: one microtask for any number of owners. When there are so many
 * that they use a slice of the event loop up, the rest has its turn behind a round of I/O.
 */
export class EndOfTick implements Task {
  readonly #clock: Clock;
  readonly #scheduler: Scheduler;
  #owners: TickOwner[] = [];
  /** How many of them were told. */
  #told = 0;

  constructor(clock: Clock, scheduler: Scheduler) {
    this.#clock = clock;
    this.#scheduler = scheduler;
  }

  /** Call it once a tick for each owner. */
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

  /** Those who share a look at the clock. */
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

  /** Who was added meanwhile was told as well. */
  #end(): void {
    this.#owners = [];
    this.#told = 0;
  }
}
