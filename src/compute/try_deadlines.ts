import type { Clock } from "../core/mod.ts";

/** A try that has a deadline. */
export interface Timed {
  onDeadline(): void;
}

/** The deadlines of tries that all have the same time: one timer, in the order of their beginnings. */
export class TryDeadlines {
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  /** The tries that are not done, and their deadlines, the first one first. */
  readonly #tries = new Map<Timed, number>();
  #timer: unknown;

  constructor(clock: Clock, timeoutMs: number) {
    this.#clock = clock;
    this.#timeoutMs = timeoutMs;
  }

  add(one: Timed): void {
    if (this.#timeoutMs === Infinity) return;
    this.#tries.set(one, this.#clock.now() + this.#timeoutMs);
    this.#timer ??= this.#clock.setTimeout(this.#onTimer, this.#timeoutMs);
  }

  delete(one: Timed): void {
    this.#tries.delete(one);
  }

  /** Forgets all tries. */
  clear(): void {
    this.#tries.clear();
    this.#clock.clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  readonly #onTimer = (): void => {
    this.#timer = undefined;
    const now = this.#clock.now();
    for (const [one, at] of this.#tries) {
      if (at > now) {
        this.#timer = this.#clock.setTimeout(this.#onTimer, at - now);
        return;
      }
      this.#tries.delete(one);
      one.onDeadline();
    }
  };
}
