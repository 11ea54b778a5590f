import type { Clock } from "./clock.ts";

/** Who has something to do when the turn ends. */
export interface TurnOwner {
  /** Called with the present instant, or one a few owners earlier. */
  onTurnEnd(now: number): void;
}

/** How many owners share a look at the clock, which on Deno is a call into the runtime: by then hardly a millisecond passed. */
const OWNERS_PER_LOOK = 64;

/** What is to be done once the code that runs now has returned: one microtask for any number of owners. */
export class EndOfTurn {
  readonly #clock: Clock;
  #owners: TurnOwner[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Call it once a turn for each owner. */
  add(owner: TurnOwner): void {
    if (this.#owners.push(owner) === 1) queueMicrotask(this.#run);
  }

  readonly #run = (): void => {
    const owners = this.#owners;
    this.#owners = [];
    let now = 0;
    let told = 0;
    for (const owner of owners) {
      if (told % OWNERS_PER_LOOK === 0) now = this.#clock.now();
      owner.onTurnEnd(now);
      told += 1;
    }
  };
}
