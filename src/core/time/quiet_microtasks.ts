import { RESOLVED } from "./resolved.ts";

/**
 * Counts microtasks in which nothing happens. No event from outside can come in between, so waiting for a few delays
 * nothing.
 */
export abstract class QuietMicrotasks {
  /** The number of microtasks since the last `stir`. */
  protected quiet = 0;
  #counting = false;

  /** Called after each microtask. Returns whether to go on counting. */
  protected abstract onQuiet(): boolean;

  /** Counts from 0, because something happened. */
  protected stir(): void {
    this.quiet = 0;
    if (!this.#counting) this.#count();
  }

  #count(): void {
    this.#counting = true;
    void RESOLVED.then(this.#onMicrotask);
  }

  readonly #onMicrotask = (): void => {
    this.#counting = false;
    this.quiet += 1;
    if (this.onQuiet() && !this.#counting) this.#count();
  };
}
