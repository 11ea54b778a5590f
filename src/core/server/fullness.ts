import type { ServerEvent } from "../session/observer.ts";
import type { Clock } from "../time/clock.ts";
import { Deadline, type DeadlineOwner, type DeadlineQueue } from "../time/deadline.ts";

/** While connections wait, whoever leaves is followed by the next: that is no end yet. */
const ROOM_FOR_MS = 1_000;

/** Tells when a server is full, and when it is no more: once each, however many connections come and go in between. */
export class Fullness implements DeadlineOwner {
  readonly #max: number;
  readonly #deadlines: DeadlineQueue;
  readonly #clock: Clock;
  readonly #observe: (event: ServerEvent) => void;
  readonly #deadline: Deadline = new Deadline(this);
  /** Since when, while it is. */
  #fullSince: number | undefined;
  /** Since when there has been room, while that is so and was not yet told. */
  #roomSince: number | undefined;

  constructor(max: number, deadlines: DeadlineQueue, clock: Clock, observe: (event: ServerEvent) => void) {
    this.#max = max;
    this.#deadlines = deadlines;
    this.#clock = clock;
    this.#observe = observe;
  }

  /** There is no room. */
  reach(): void {
    this.#roomSince = undefined;
    this.#deadlines.disarm(this.#deadline);
    if (this.#fullSince !== undefined) return;
    this.#fullSince = this.#clock.now();
    this.#observe({ type: "connections-full", connections: this.#max });
  }

  /** There is room. */
  leave(): void {
    if (this.#fullSince === undefined || this.#roomSince !== undefined) return;
    this.#roomSince = this.#clock.now();
    this.#deadline.at = this.#roomSince + ROOM_FOR_MS;
    this.#deadlines.arm(this.#deadline);
  }

  /** Nobody is accepted any more. */
  end(): void {
    this.#deadlines.disarm(this.#deadline);
    this.#fullSince = undefined;
  }

  onDeadline(): void {
    const fullMs = (this.#roomSince as number) - (this.#fullSince as number);
    this.#fullSince = this.#roomSince = undefined;
    this.#observe({ type: "connections-available", fullMs });
  }
}
