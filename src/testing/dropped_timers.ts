import type { ManualClock } from "./manual_clock.ts";

/** A view of a clock whose timers can be dropped all at once. */
export class DroppedTimers implements ManualClock {
  readonly #clock: ManualClock;
  readonly #armed = new Set<unknown>();

  constructor(clock: ManualClock) {
    this.#clock = clock;
  }

  get pending(): number {
    return this.#armed.size;
  }

  get next(): number {
    return this.#clock.next;
  }

  now(): number {
    return this.#clock.now();
  }

  setTimeout(callback: () => void, delayMs: number): unknown {
    const handle = this.#clock.setTimeout(() => {
      this.#armed.delete(handle);
      callback();
    }, delayMs);
    this.#armed.add(handle);
    return handle;
  }

  clearTimeout(handle: unknown): void {
    this.#armed.delete(handle);
    this.#clock.clearTimeout(handle);
  }

  afterRound(callback: () => void): void {
    if (this.#clock.afterRound === undefined) this.setTimeout(callback, 0);
    else this.#clock.afterRound(callback);
  }

  advance(ms: number): Promise<void> {
    return this.#clock.advance(ms);
  }

  step(): Promise<boolean> {
    return this.#clock.step();
  }

  jump(ms: number): void {
    this.#clock.jump(ms);
  }

  /** Drops all armed timers: they never fire. */
  drop(): void {
    for (const handle of this.#armed) this.#clock.clearTimeout(handle);
    this.#armed.clear();
  }
}
