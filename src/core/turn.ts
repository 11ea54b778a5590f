/** Microtasks without a finished handler after which a turn counts as over: more than a chain of plain `await`s needs. */
const QUIET_MICROTASKS = 6;

/** Who is told of what happens in a {@link Turn}. */
export interface TurnEvents {
  /** Something has finished, or the turn is over. */
  onSettled(): void;
}

/** A turn of the event loop in which handlers finish, one behind the other: their replies should leave together. */
export class Turn {
  open = false;
  readonly #events: TurnEvents;
  #settled = false;

  constructor(events: TurnEvents) {
    this.#events = events;
  }

  /** A handler has finished. */
  settle(): void {
    this.#settled = true;
    if (!this.open) void this.#run();
  }

  /** Microtasks only: nothing from outside can come in between. */
  async #run(): Promise<void> {
    this.open = true;
    for (let quiet = 0; quiet < QUIET_MICROTASKS; quiet++) {
      if (this.#settled) {
        this.#settled = false;
        quiet = 0;
        this.#events.onSettled();
      }
      await Promise.resolve();
    }
    this.open = false;
    this.#events.onSettled();
  }
}
