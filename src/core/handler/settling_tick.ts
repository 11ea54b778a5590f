import { QuietMicrotasks } from "../time/quiet_microtasks.ts";

/** Microtasks without a finished handler after which a tick counts as over: more than a chain of plain `await`s needs. */
const QUIET_MICROTASKS = 6;

/** The pipeline whose handlers finish in a {@link SettlingTick}. */
export interface SettlingTickOwner {
  /** Frames that are not answered. */
  readonly length: number;
  /** Handlers have finished since the last time, or the tick is over. */
  onSettled(): void;
}

/**
 * A tick of the event loop in which handlers finish, one behind the other: their replies should leave together. It is over
 * when nothing is left that could finish, or when nothing does for a few microtasks. Nothing from outside can come in between.
 */
export class SettlingTick extends QuietMicrotasks {
  open = false;
  readonly #owner: SettlingTickOwner;
  /** Handlers have finished, and the owner was not told. */
  #untold = false;

  constructor(owner: SettlingTickOwner) {
    super();
    this.#owner = owner;
  }

  /** A handler has finished. When others are at work, they may finish in the same microtasks: the owner is told once for all. */
  settle(): void {
    this.open = true;
    if (this.#owner.length > 1) this.#untold = true;
    else this.#owner.onSettled();
    if (this.#owner.length === 0) this.open = false;
    else this.stir();
  }

  protected override onQuiet(): boolean {
    if (!this.open) return false;
    if (this.#untold) this.#tell();
    if (this.#owner.length > 0 && this.quiet <= QUIET_MICROTASKS) return true;
    this.open = false;
    // With nothing left, what followed from the last one was not held back.
    if (this.#owner.length > 0) this.#tell();
    return false;
  }

  #tell(): void {
    this.#untold = false;
    this.#owner.onSettled();
  }
}
