import type { Clock } from "../../core/mod.ts";

const PERIOD_MS = 10_000;

/**
 * Counts lines that are lost, and reports them: the first at once, and then every ten seconds how many more there were. One
 * timer, and only for ten seconds after a report.
 */
export class LostLines {
  readonly #report: (lines: number) => void;
  readonly #clock: Clock;
  #unreported = 0;
  #timer: unknown;

  constructor(report: (lines: number) => void, clock: Clock) {
    this.#report = report;
    this.#clock = clock;
  }

  add(lines: number): void {
    this.#unreported += lines;
    if (this.#timer === undefined) this.#tell();
  }

  /** Reports at once what has not been reported. Leaves no timer. */
  end(): void {
    this.#clock.clearTimeout(this.#timer);
    this.#timer = undefined;
    const lines = this.#unreported;
    this.#unreported = 0;
    if (lines > 0) this.#report(lines);
  }

  #tell(): void {
    this.end();
    const timer = this.#clock.setTimeout(() => {
      this.#timer = undefined;
      if (this.#unreported > 0) this.#tell();
    }, PERIOD_MS);
    // It keeps no process alive.
    (timer as { unref?: () => void } | undefined)?.unref?.();
    this.#timer = timer;
  }
}
