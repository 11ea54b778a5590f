import { type Clock, systemClock } from "./clock.ts";

/**
 * The number of events of one kind that are reported in full within a period. Others are counted, and summed up at its
 * end.
 */
const FULL_REPORTS = 5;
const PERIOD_MS = 10_000;

/** Gets a sum: the number of further events of a kind, the seconds within which they came, and the last of them. */
export type OnRepeated<Event> = (kind: string, more: number, seconds: number, last: Event) => void;

/** The events of one kind within one period. */
interface Repeats<Event> {
  readonly since: number;
  reported: number;
  /** The number of events that were not reported, and the last of them. */
  more: number;
  last: Event;
}

/**
 * Keeps a flood of similar events from becoming a flood of reports. Of each kind, five events in 10 s are reported in
 * full, and then one sum of the others.
 *
 * - **Bounded** by the number of kinds, which must be a small set of words and never text of a peer.
 * - **Timers**: one, and only while events wait to be summed up.
 */
export class RepeatSampler<Event> {
  readonly #onRepeated: OnRepeated<Event>;
  readonly #clock: Clock;
  readonly #kinds = new Map<string, Repeats<Event>>();
  #timer: unknown;

  /** `onRepeated` is told how many events were not admitted. */
  constructor(onRepeated: OnRepeated<Event>, clock: Clock = systemClock) {
    this.#onRepeated = onRepeated;
    this.#clock = clock;
  }

  /** Returns whether to report the event in full. If not, it is counted. */
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

  /** Reports the sums at once. Leaves no timer. */
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
