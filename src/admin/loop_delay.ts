import type { Clock } from "../core/mod.ts";

const PERIOD_MS = 100;
/** The samples of the last second. */
const SAMPLES = 10;

/**
 * Measures by how much the timers of the event loop are late. The histograms of the runtimes read 0 on Deno, so this is
 * the drift of an own timer. The timer does not keep the process alive.
 */
export class LoopDelay {
  readonly #clock: Clock;
  readonly #samples: number[] = [];
  #next = 0;
  #dueAt = 0;
  #timer: unknown;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The longest delay of the last second. While the loop stands still, the present delay counts, too. */
  get maxMs(): number {
    const present = this.#timer === undefined ? 0 : this.#clock.now() - this.#dueAt;
    return Math.max(0, present, ...this.#samples);
  }

  start(): void {
    this.#dueAt = this.#clock.now() + PERIOD_MS;
    this.#timer = this.#clock.setTimeout(() => this.#sample(), PERIOD_MS);
    (this.#timer as { unref?: () => void } | undefined)?.unref?.();
  }

  stop(): void {
    this.#clock.clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #sample(): void {
    this.#samples[this.#next] = Math.max(0, this.#clock.now() - this.#dueAt);
    this.#next = (this.#next + 1) % SAMPLES;
    this.start();
  }
}
