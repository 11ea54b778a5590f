import { afterRound, type Clock } from "../core/mod.ts";

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
    const [first] = this.#tries.values();
    const leftMs = first === undefined ? 0 : first - this.#clock.now();
    if (first === undefined) this.#timer = undefined;
    else if (leftMs > 0) this.#timer = this.#clock.setTimeout(this.#onTimer, leftMs);
    // After a pause of the whole process, timers may come before the replies that wait to be read.
    else afterRound(this.#clock, this.#expire);
  };

  readonly #expire = (): void => {
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
