import type { Clock } from "../time/clock.ts";
import { Deadline, type DeadlineOwner, type DeadlineQueue } from "../time/deadline.ts";

/**
 * The time for which more may wait than there is room for. Bytes that peers take in the next rounds of the event loop
 * end no connection.
 */
const PATIENCE_MS = 10;
/**
 * The part of its room that an exceeded budget leaves used, so that one search for the largest shares pays for many
 * bytes.
 */
const LEFT_USED = 7 / 8;

/** The share of one connection in a {@link Budget}. */
export interface Share {
  readonly bytes: number;
  /** Ends the connection, which frees its bytes. */
  end(): void;
}

/**
 * The waiting bytes of all connections of a server. While more wait than there is room for, connections with the
 * largest shares are ended, the largest first.
 *
 * Each side of a connection reports the change of its share when a tick leaves output or input waiting, so a frame
 * costs nothing.
 */
export class Budget implements DeadlineOwner {
  /** The number of bytes that wait. */
  used = 0;
  readonly #room: number;
  readonly #clock: Clock;
  readonly #deadlines: DeadlineQueue;
  readonly #shares: () => Share[];
  readonly #deadline: Deadline = new Deadline(this);

  /** Creates a budget. `shares` returns the shares of all connections. */
  constructor(room: number, clock: Clock, deadlines: DeadlineQueue, shares: () => Share[]) {
    this.#room = room;
    this.#clock = clock;
    this.#deadlines = deadlines;
    this.#shares = shares;
  }

  /** Changes the number of waiting bytes by `bytes`. */
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
