/** Who waits for a permit. */
export interface PermitOwner {
  /** One may be free now. */
  onPermit(): void;
}

/**
 * A bound on how many handlers are at work in a whole server.
 *
 * A session asks before it takes a frame; a permit is used once its handler turns out to be asynchronous. Who finds none
 * waits in line, and those in line come before those who ask anew.
 */
export class Permits {
  used = 0;
  readonly #max: number;
  readonly #line = new Set<PermitOwner>();
  #serving: PermitOwner | undefined;
  #scheduled = false;

  constructor(max: number) {
    this.#max = max;
  }

  /** How many wait. */
  get waiting(): number {
    return this.#line.size;
  }

  /** Whether `owner` may begin: else call `wait`. */
  isFreeFor(owner: PermitOwner): boolean {
    return this.used < this.#max && (this.#line.size === 0 || this.#serving === owner);
  }

  take(): void {
    this.used += 1;
  }

  give(): void {
    this.used -= 1;
    this.#schedule();
  }

  /** Stands in line: `onPermit` is called, once. */
  wait(owner: PermitOwner): void {
    this.#line.add(owner);
  }

  /** Does not want one any more. */
  forget(owner: PermitOwner): void {
    if (this.#line.delete(owner)) this.#schedule();
  }

  /** In a turn of its own: whoever gives one back is in the middle of something. */
  #schedule(): void {
    if (this.#scheduled || this.#line.size === 0) return;
    this.#scheduled = true;
    queueMicrotask(() => this.#serve());
  }

  #serve(): void {
    this.#scheduled = false;
    for (const owner of this.#line) {
      if (this.used >= this.#max) break;
      this.#line.delete(owner);
      this.#serving = owner;
      owner.onPermit();
      this.#serving = undefined;
    }
  }
}
