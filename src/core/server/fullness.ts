import type { ServerEvent } from "../session/observer.ts";
import type { Clock } from "../time/clock.ts";
import { Deadline, type DeadlineOwner, type DeadlineQueue } from "../time/deadline.ts";

/** While connections wait, the next one takes each free place. So there must be room for this time. */
const ROOM_FOR_MS = 1_000;

/**
 * Observes when a server becomes full, and when it has room again: once each, however many connections come and go
 * meanwhile.
 */
export class Fullness implements DeadlineOwner {
  readonly #max: number;
  readonly #deadlines: DeadlineQueue;
  readonly #clock: Clock;
  readonly #observe: (event: ServerEvent) => void;
  readonly #deadline: Deadline = new Deadline(this);
  /** The instant since which the server is full, while it is. */
  #fullSince: number | undefined;
  /** The instant since which there is room, until that is observed. */
  #roomSince: number | undefined;

  constructor(max: number, deadlines: DeadlineQueue, clock: Clock, observe: (event: ServerEvent) => void) {
    this.#max = max;
    this.#deadlines = deadlines;
    this.#clock = clock;
    this.#observe = observe;
  }

  /** Notes that there is no room. */
  reach(): void {
    this.#roomSince = undefined;
    this.#deadlines.disarm(this.#deadline);
    if (this.#fullSince !== undefined) return;
    this.#fullSince = this.#clock.now();
    this.#observe({ type: "connections-full", connections: this.#max });
  }

  /** Notes that there is room. */
  leave(): void {
    if (this.#fullSince === undefined || this.#roomSince !== undefined) return;
    this.#roomSince = this.#clock.now();
    this.#deadline.at = this.#roomSince + ROOM_FOR_MS;
    this.#deadlines.arm(this.#deadline);
  }

  /** Observes nothing more, because accepting has stopped. */
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
