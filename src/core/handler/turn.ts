/** Microtasks without a finished handler after which a turn counts as over: more than a chain of plain `await`s needs. */
const QUIET_MICROTASKS = 6;

const NEXT_MICROTASK = Promise.resolve();

/** Who is told of what happens in a {@link Turn}. */
export interface TurnEvents {
  /** Something has finished, or the turn is over. */
  onSettled(): void;
}

/**
 * A turn of the event loop in which handlers finish, one behind the other: their replies should leave together. It is over
 * when nothing is left that could finish, or when nothing does for a few microtasks. Nothing from outside can come in between.
 */
export class Turn {
  open = false;
  /** What has not finished. */
  readonly #inFlight: { readonly length: number };
  readonly #events: TurnEvents;
  /** Something has finished since the last microtask, and how many have passed in which nothing has. */
  #settled = false;
  #quiet = 0;
  #counting = false;

  constructor(inFlight: { readonly length: number }, events: TurnEvents) {
    this.#inFlight = inFlight;
    this.#events = events;
  }

  /** A handler has finished. */
  settle(): void {
    this.open = this.#settled = true;
    this.#events.onSettled();
    if (this.#inFlight.length === 0) this.open = false;
    else if (!this.#counting) this.#count();
  }

  #count(): void {
    this.#counting = true;
    void NEXT_MICROTASK.then(this.#onMicrotask);
  }

  readonly #onMicrotask = (): void => {
    this.#counting = false;
    if (!this.open) return;
    this.#quiet = this.#settled ? 0 : this.#quiet + 1;
    this.#settled = false;
    if (this.#quiet < QUIET_MICROTASKS) return this.#count();
    this.open = false;
    this.#events.onSettled();
  };
}
