import type { Clock } from "../time/clock.ts";
import { Deadline, type DeadlineOwner, type DeadlineQueue } from "../time/deadline.ts";

/** How long more may wait than there is room for: what peers take in the next few rounds of the event loop ends no connection. */
const PATIENCE_MS = 10;
/** How much of its room a budget that was exceeded leaves used: so one look for the largest shares is enough for many bytes. */
const LEFT_USED = 7 / 8;

/** What one connection holds of a {@link Budget}. */
export interface Share {
  readonly bytes: number;
  /** Ends the connection, and so gives the bytes back. */
  end(): void;
}

/**
 * Bytes that wait, of all connections of a server together. While more wait than there is room for, the connections that hold the
 * most are ended, the largest first.
 *
 * Each side of a connection says by how much its share has changed, when a tick leaves something waiting: a frame costs nothing.
 */
export class Budget implements DeadlineOwner {
  /** Bytes that wait now. */
  used = 0;
  readonly #room: number;
  readonly #clock: Clock;
  readonly #deadlines: DeadlineQueue;
  readonly #shares: () => Share[];
  readonly #deadline: Deadline = new Deadline(this);

  /** `shares` gives those of all connections. */
  constructor(room: number, clock: Clock, deadlines: DeadlineQueue, shares: () => Share[]) {
    this.#room = room;
    this.#clock = clock;
    this.#deadlines = deadlines;
    this.#shares = shares;
  }

  /** So many more bytes wait; fewer, if negative. */
  add(bytes: number): void {
    this.used += bytes;
    const armed = this.#deadline.at < Infinity;
    if (this.used > this.#room === armed) return;
    if (armed) return this.#deadlines.disarm(this.#deadline);
    this.#deadline.at = this.#clock.now() + PATIENCE_MS;
    this.#deadlines.arm(this.#deadline);
  }

  onDeadline(): void {
    let used = this.used;
    const least = this.#room * LEFT_USED;
    for (const share of this.#shares().toSorted((one, other) => other.bytes - one.bytes)) {
      if (used <= least || share.bytes === 0) return;
      used -= share.bytes;
      share.end();
    }
  }
}
