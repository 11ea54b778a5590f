import type { Clock } from "../core/mod.ts";

/** A scheduled event. */
export interface Entry {
  readonly at: number;
  /** The order among the entries of one instant: lower numbers come first. */
  readonly order: number;
  readonly run: () => void;
}

/**
 * The scheduled events of a network, which run one by one, each in a tick of its own.
 *
 * The entries of one instant run in the order of their numbers, not in the order in which they were added: two runtimes may reach
 * the same point after a different number of microtasks.
 */
export class Agenda {
  readonly #clock: Clock;
  readonly #entries = new Set<Entry>();
  #timer: unknown;
  /** The instant at which the timer fires; `Infinity` while none is armed. */
  #timerAt = Infinity;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The number of entries. */
  get size(): number {
    return this.#entries.size;
  }

  now(): number {
    return this.#clock.now();
  }

  add(at: number, order: number, run: () => void): Entry {
    const entry = { at, order, run };
    this.#entries.add(entry);
    this.#arm(at);
    return entry;
  }

  cancel(entry: Entry): void {
    if (this.#entries.delete(entry) && this.#entries.size === 0) this.#disarm();
  }

  #arm(at: number): void {
    if (at >= this.#timerAt) return;
    this.#disarm();
    this.#timerAt = at;
    this.#timer = this.#clock.setTimeout(() => this.#onTimer(), at - this.#clock.now());
  }

  #disarm(): void {
    if (this.#timerAt < Infinity) this.#clock.clearTimeout(this.#timer);
    this.#timerAt = Infinity;
  }

  #onTimer(): void {
    this.#timerAt = Infinity;
    const entry = this.#first();
    if (entry === undefined) return;
    if (entry.at <= this.#clock.now()) {
      this.#entries.delete(entry);
      entry.run();
    }
    const next = this.#first();
    if (next !== undefined) this.#arm(next.at);
  }

  #first(): Entry | undefined {
    let first: Entry | undefined;
    for (const entry of this.#entries) if (first === undefined || isBefore(entry, first)) first = entry;
    return first;
  }
}

function isBefore(one: Entry, other: Entry): boolean {
  return one.at < other.at || (one.at === other.at && one.order < other.order);
}
