import { QuietMicrotasks } from "../time/quiet_microtasks.ts";

/**
 * The number of microtasks without a finished handler after which a tick is over. A chain of plain `await`s needs
 * fewer.
 */
const QUIET_MICROTASKS = 6;

/** The pipeline that owns a {@link SettlingTick}. */
export interface SettlingTickOwner {
  /** The number of frames that are not answered. */
  readonly length: number;
  /** Handlers have finished since the last call, or the tick is over. */
  onSettled(): void;
}

/**
 * A tick of the event loop in which several handlers finish, and whose replies leave together. It is over when no
 * handler is left that could finish, or when none finishes for a few microtasks. No event from outside can come in
 * between.
 */
export class SettlingTick extends QuietMicrotasks {
  open = false;
  readonly #owner: SettlingTickOwner;
  /** Whether handlers have finished, and the owner was not told. */
  #untold = false;

  constructor(owner: SettlingTickOwner) {
    super();
    this.#owner = owner;
  }

  /**
   * Notes that a handler has finished. While others are at work, which may finish in the same microtasks, the owner is
   * told once for all.
   */
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
    // If no frame is left, nothing was held back after the last one.
    if (this.#owner.length > 0) this.#tell();
    return false;
  }

  #tell(): void {
    this.#untold = false;
    this.#owner.onSettled();
  }
}
