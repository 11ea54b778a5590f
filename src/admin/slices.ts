import { afterIo, type Clock } from "../core/mod.ts";

/** The time for which a slice may hold the event loop. */
const SLICE_MS = 2;
/** The clock is read once in so many units of work, of about a microsecond each. */
const UNITS_PER_LOOK = 64;

/** The surroundings of {@link Slices}. */
export interface SlicesHost {
  readonly clock: Clock;
  /** Calls back after the input that waits has been handled. Default: `afterIo` of the core. */
  readonly afterIo?: (callback: () => void) => void;
}

/**
 * Divides long work into slices of 2 ms. After each unit of work call {@link Slices.spend}; when it returns true, the
 * slice is over: await {@link Slices.pause} before the next unit.
 */
export class Slices {
  readonly #clock: Clock;
  readonly #afterIo: (callback: () => void) => void;
  #units = 0;
  #begunAt: number;

  constructor({ clock, afterIo: after = afterIo }: SlicesHost) {
    this.#clock = clock;
    this.#afterIo = after;
    this.#begunAt = clock.now();
  }

  /** Counts work. Returns true when the slice is over. */
  spend(units = 1): boolean {
    this.#units += units;
    if (this.#units < UNITS_PER_LOOK) return false;
    this.#units = 0;
    return this.#clock.now() - this.#begunAt >= SLICE_MS;
  }

  /** Lets all other work run, and begins a slice. */
  async pause(): Promise<void> {
    await new Promise<void>((resolve) => this.#afterIo(resolve));
    this.#begunAt = this.#clock.now();
  }
}
