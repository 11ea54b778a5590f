import type { Clock } from "../time/clock.ts";
import { type BusGap, NAME_TOPICS } from "./bus.ts";
import { originText } from "./origin.ts";
import type { Subscriptions } from "./subscriptions.ts";
import type { Batch, Beacon } from "./wire.ts";

/** The number of other servers of which something is known. The one that was not heard for longest is forgotten. */
const MOST_ORIGINS = 1_024;
/** A server that was not heard for this time is not counted. */
const LIVE_MS = 3_500;
/** A gap is reported with the next beacon of its origin, or after this time. */
const LATEST_REPORT_MS = 3_000;
const UNKNOWN = -1;

/** The counts of this side, which tell why frames are missing. */
export interface OwnSide {
  /** The number of the connection to the broker. */
  readonly epoch: number;
  /** The number of messages that were dropped because too many waited. */
  readonly inboundDropped: number;
}

/** The state of another server, as far as it is known. */
interface Origin {
  readonly text: string;
  /** The sequence of the next frame of each topic, or {@link UNKNOWN}. */
  readonly expected: Float64Array;
  heardAt: number;
  /** The number of missing frames that are not reported, and the instant since which there are some. */
  missed: number;
  missedAt: number;
  /** The state of both sides at the last beacon. */
  epoch: number;
  dropped: number;
  ownEpoch: number;
  inboundDropped: number;
}

/**
 * The other servers of a bus, and which of their frames are missing.
 *
 * A missing frame is seen when a later one of its topic comes, or a beacon that knows more. It is reported with a beacon: so that
 * everything that was lost at one time is one gap, in however many topics.
 */
export class Origins {
  readonly #clock: Clock;
  readonly #subscriptions: Subscriptions;
  readonly #own: OwnSide;
  readonly #onGap: (gap: BusGap) => void;
  readonly #known = new Map<number, Origin>();
  /** The origins with missing frames that are not reported. */
  readonly #suspects = new Set<Origin>();

  constructor(clock: Clock, subscriptions: Subscriptions, own: OwnSide, onGap: (gap: BusGap) => void) {
    this.#clock = clock;
    this.#subscriptions = subscriptions;
    this.#own = own;
    this.#onGap = onGap;
  }

  /** The number of origins with missing frames that are not reported. */
  get suspects(): number {
    return this.#suspects.size;
  }

  /** The numbers of the servers that were heard lately. */
  live(withinMs: number = LIVE_MS): number[] {
    const since = this.#clock.now() - withinMs;
    const found: number[] = [];
    for (const [number, { heardAt }] of this.#known) if (heardAt >= since) found.push(number);
    return found;
  }

  /** Returns the epoch of a server at its last beacon. */
  epochOf(number: number): number {
    return this.#known.get(number)?.epoch ?? 0;
  }

  /** Notes a batch. Returns the number of its first frames that had come before. */
  onBatch(topic: number, { origin: number, epoch, sequence, count }: Batch): number {
    const origin = this.#heard(number, epoch);
    const expected = origin.expected[topic] ?? UNKNOWN;
    const next = sequence + count;
    if (expected === UNKNOWN) {
      // Before the broker has confirmed the subscription, the next frame need not come.
      if (this.#subscriptions.isReady(topic)) origin.expected[topic] = next;
      return 0;
    }
    if (sequence > expected) this.#miss(origin, sequence - expected);
    if (next > expected) origin.expected[topic] = next;
    return Math.min(count, Math.max(0, expected - sequence));
  }

  /** Notes a beacon, and reports missing frames. */
  onBeacon(beacon: Beacon): void {
    const origin = this.#heard(beacon.origin, beacon.epoch);
    for (const topic of this.#subscriptions.ready()) {
      const next = beacon.sequences.get(topic) ?? 0;
      const expected = origin.expected[topic] ?? UNKNOWN;
      if (expected !== UNKNOWN && next > expected) this.#miss(origin, next - expected);
      if (next > expected) origin.expected[topic] = next;
    }
    if (origin.missed > 0) this.#report(origin, beacon);
    if (beacon.ends) this.#forget(beacon.origin, origin);
    else this.#note(origin, beacon);
  }

  /** Reports frames that are missing for long, and that no beacon told of. */
  reportOverdue(): void {
    const before = this.#clock.now() - LATEST_REPORT_MS;
    for (const origin of this.#suspects) if (origin.missedAt <= before) this.#report(origin, origin);
  }

  /** The topic is no longer subscribed to. */
  forgetTopic(topic: number): void {
    for (const { expected } of this.#known.values()) expected[topic] = UNKNOWN;
  }

  #heard(number: number, epoch: number): Origin {
    const now = this.#clock.now();
    let origin = this.#known.get(number);
    if (origin === undefined) {
      if (this.#known.size >= MOST_ORIGINS) this.#forgetOldest();
      const { epoch: ownEpoch, inboundDropped } = this.#own;
      const expected = new Float64Array(NAME_TOPICS).fill(UNKNOWN);
      const text = originText(number);
      origin = {
        text,
        expected,
        heardAt: now,
        missed: 0,
        missedAt: 0,
        epoch,
        dropped: UNKNOWN,
        ownEpoch,
        inboundDropped,
      };
      this.#known.set(number, origin);
    }
    origin.heardAt = now;
    return origin;
  }

  #miss(origin: Origin, count: number): void {
    if (origin.missed === 0) {
      origin.missedAt = this.#clock.now();
      this.#suspects.add(origin);
    }
    origin.missed += count;
  }

  #report(origin: Origin, { epoch, dropped }: Pick<Beacon, "epoch" | "dropped">): void {
    const { missed, text } = origin;
    const why = this.#why(origin, epoch, dropped);
    origin.missed = 0;
    this.#suspects.delete(origin);
    this.#onGap({ origin: text, missed, why });
  }

  #why(origin: Origin, epoch: number, dropped: number): BusGap["why"] {
    if (epoch !== origin.epoch || this.#own.epoch !== origin.ownEpoch) return "disconnected";
    if (this.#own.inboundDropped !== origin.inboundDropped) return "behind";
    return origin.dropped === UNKNOWN || dropped === origin.dropped ? "lost" : "origin-full";
  }

  #note(origin: Origin, { epoch, dropped }: Beacon): void {
    origin.epoch = epoch;
    origin.dropped = dropped;
    origin.ownEpoch = this.#own.epoch;
    origin.inboundDropped = this.#own.inboundDropped;
  }

  #forget(number: number, origin: Origin): void {
    this.#known.delete(number);
    this.#suspects.delete(origin);
  }

  #forgetOldest(): void {
    let oldest: [number, Origin] | undefined;
    for (const entry of this.#known) if (oldest === undefined || entry[1].heardAt < oldest[1].heardAt) oldest = entry;
    if (oldest === undefined) return;
    const [number, origin] = oldest;
    if (origin.missed > 0) this.#report(origin, origin);
    this.#forget(number, origin);
  }
}
