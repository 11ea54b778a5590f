import type { Clock } from "../../core/mod.ts";

/** The length of a period. */
const PERIOD_MS = 100;

/**
 * Divides time into periods, while servers run, and measures how late the event loop ends each. The histograms of the runtimes are of no
 * use for this: that of Deno reads 0. Does not keep the process alive.
 */
export class Periods {
  readonly #clock: Clock;
  /** Gets the delay of the event loop at the end of a period. */
  readonly #onEnd: (delayMs: number) => void;
  #timer: { readonly handle: unknown } | undefined;

  constructor(clock: Clock, onEnd: (delayMs: number) => void) {
    this.#clock = clock;
    this.#onEnd = onEnd;
  }

  start(): void {
    if (this.#timer === undefined) this.#begin();
  }

  stop(): void {
    if (this.#timer !== undefined) this.#clock.clearTimeout(this.#timer.handle);
    this.#timer = undefined;
  }

  #begin(): void {
    const due = this.#clock.now() + PERIOD_MS;
    const handle = this.#clock.setTimeout(() => {
      const delayMs = Math.max(0, this.#clock.now() - due);
      this.#begin();
      this.#onEnd(delayMs);
    }, PERIOD_MS);
    unref(handle);
    this.#timer = { handle };
  }
}

/** Lets the process end while the timer runs. Timers of Node and Bun are objects; Deno's are numbers. */
function unref(timer: unknown): void {
  if (typeof timer === "object" && timer !== null && "unref" in timer) (timer as { unref(): void }).unref();
  const { unrefTimer } = (globalThis as { Deno?: { unrefTimer?: (timer: number) => void } }).Deno ?? {};
  if (typeof timer === "number") unrefTimer?.(timer);
}
