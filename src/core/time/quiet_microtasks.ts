const NEXT_MICROTASK = Promise.resolve();

/** Counts microtasks in which nothing happens. Nothing from outside can come in between, so that a wait for some delays nothing. */
export abstract class QuietMicrotasks {
  /** So many there were since the last `stir`. */
  protected quiet = 0;
  #counting = false;

  /** There was one more. Whether to count on. */
  protected abstract onQuiet(): boolean;

  /** Something happened: counts from 0. */
  protected stir(): void {
    this.quiet = 0;
    if (!this.#counting) this.#count();
  }

  #count(): void {
    this.#counting = true;
    void NEXT_MICROTASK.then(this.#onMicrotask);
  }

  readonly #onMicrotask = (): void => {
    this.#counting = false;
    this.quiet += 1;
    if (this.onQuiet() && !this.#counting) this.#count();
  };
}
