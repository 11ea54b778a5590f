import { CountedClock } from "./counted_clock.ts";
import type { ManualClock } from "./manual_clock.ts";

/** A view of a clock whose timers can be dropped all at once. */
export class DroppedTimers extends CountedClock implements ManualClock {
  readonly #clock: ManualClock;

  constructor(clock: ManualClock) {
    super(clock);
    this.#clock = clock;
  }

  get next(): number {
    return this.#clock.next;
  }

  /** Counted, unlike that of {@link CountedClock}: the end of a round is dropped with the timers. */
  override afterRound(callback: () => void): void {
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
    for (const handle of this.armed) this.#clock.clearTimeout(handle);
    this.armed.clear();
  }
}
