import { type Clock, systemClock } from "./clock.ts";

/** How many events of one kind are reported in full within one period; those beyond are counted, and summed up at its end. */
const FULL_REPORTS = 5;
const PERIOD_MS = 10_000;

/** Gets a sum: how many more events of one kind there were, within how many seconds, and the last of them. */
export type OnRepeated<Event> = (kind: string, more: number, seconds: number, last: Event) => void;

/** Events of one kind within one period. */
interface Repeats<Event> {
  readonly since: number;
  reported: number;
  /** Those that were not reported, and the last of them. */
  more: number;
  last: Event;
}

/**
 * Keeps a flood of like events from becoming a flood of reports. Of each kind, five events in 10 s are to be reported, and then one
 * sum of all the others.
 *
 * - **Bounded** by the number of kinds, which must be a small set of words and never what a peer sent.
 * - **Timers**: one, and only while events wait to be summed up.
 */
export class RepeatSampler<Event> {
  readonly #onRepeated: OnRepeated<Event>;
  readonly #clock: Clock;
  readonly #kinds = new Map<string, Repeats<Event>>();
  #timer: unknown;

  constructor(onRepeated: OnRepeated<Event>, clock: Clock = systemClock) {
    this.#onRepeated = onRepeated;
    this.#clock = clock;
  }

  /** Whether to report this event in full. Otherwise it is counted. */
  admits(kind: string, event: Event): boolean {
    const now = this.#clock.now();
    let repeats = this.#kinds.get(kind);
    if (repeats === undefined || now - repeats.since >= PERIOD_MS) {
      if (repeats !== undefined) this.#sumUp(kind, repeats, now);
      repeats = { since: now, reported: 0, more: 0, last: event };
      this.#kinds.set(kind, repeats);
    }
    if (repeats.reported < FULL_REPORTS) {
      repeats.reported += 1;
      return true;
    }
    repeats.more += 1;
    repeats.last = event;
    this.#timer ??= this.#clock.setTimeout(() => this.#onTimer(), PERIOD_MS);
    return false;
  }

  /** Sums up at once what was not reported. No timer is left. */
  end(): void {
    this.#clock.clearTimeout(this.#timer);
    this.#timer = undefined;
    const now = this.#clock.now();
    for (const [kind, repeats] of this.#kinds) this.#sumUp(kind, repeats, now);
    this.#kinds.clear();
  }

  #onTimer(): void {
    this.#timer = undefined;
    const now = this.#clock.now();
    for (const [kind, repeats] of this.#kinds) {
      const age = now - repeats.since;
      if (age < PERIOD_MS) {
        if (repeats.more > 0) this.#timer ??= this.#clock.setTimeout(() => this.#onTimer(), PERIOD_MS - age);
        continue;
      }
      this.#kinds.delete(kind);
      this.#sumUp(kind, repeats, now);
    }
  }

  #sumUp(kind: string, { last, more, since }: Repeats<Event>, now: number): void {
    if (more > 0) this.#onRepeated(kind, more, Math.max(1, Math.round((now - since) / 1_000)), last);
  }
}
