import type { Clock } from "../time/clock.ts";
import type { BusLink } from "./bus_link.ts";
import type { Outgoing } from "./outgoing.ts";
import { writeBeacon, writeQuestion } from "./wire.ts";

/** The number of beacons after the last frame. */
const LAST_BEACONS = 3;
/** The pause before a beacon that somebody has asked for, and after the last one: all servers ask when a broker is back. */
const ANSWER_PAUSE_MS = 20;
const BEACON_PAUSE_MS = 200;

/** The server of {@link Beacons}. */
export interface BeaconsOwner {
  readonly clock: Clock;
  readonly random: () => number;
  readonly origin: number;
}

/** Tells the other servers how many frames this one has sent, and asks them for the same. */
export class Beacons {
  readonly #owner: BeaconsOwner;
  readonly #link: BusLink;
  readonly #outgoing: Outgoing;
  #left = 0;
  #sentAt = Number.NEGATIVE_INFINITY;
  #timer: unknown;

  constructor(owner: BeaconsOwner, link: BusLink, outgoing: Outgoing) {
    this.#owner = owner;
    this.#link = link;
    this.#outgoing = outgoing;
  }

  /** Whether a frame was sent lately, so that beacons must follow. */
  get due(): boolean {
    return this.#left > 0;
  }

  /** A frame was sent. */
  noteFrame(): void {
    this.#left = LAST_BEACONS;
  }

  /** A period is over: sends a beacon, unless the broker is stuck, or the others are awaited. */
  onPeriod(periodMs: number): void {
    if (this.#left > 0) this.#left -= 1;
    const { askedAt, held } = this.#outgoing;
    // Behind a broker that does not answer they would pile up.
    if (held || (askedAt !== undefined && this.#owner.clock.now() - askedAt >= periodMs)) return;
    this.send();
    this.#outgoing.confirm();
  }

  /** Sends a beacon behind everything before it. `ends` says goodbye. */
  send(ends: boolean = false): void {
    const { clock, origin } = this.#owner;
    // Frames that are not yet in a message are counted, too, so they leave first.
    this.#outgoing.seal();
    const { framesDropped: dropped, sequences } = this.#outgoing;
    this.#sentAt = clock.now();
    this.#outgoing.control(writeBeacon({ origin, epoch: this.#link.epoch, ends, dropped }, sequences));
  }

  /** Sends a beacon soon, and only one for all servers that ask. */
  answer(): void {
    if (this.#timer !== undefined || this.#link.connection === undefined) return;
    const { clock, random } = this.#owner;
    const pauseMs = Math.max(ANSWER_PAUSE_MS * (1 + random()), this.#sentAt + BEACON_PAUSE_MS - clock.now());
    const run = () => {
      this.#timer = undefined;
      if (this.#link.connection !== undefined && !this.#outgoing.held) this.send();
    };
    this.#timer = clock.setTimeout(run, Math.ceil(pauseMs));
  }

  /** Asks all servers for a beacon, ahead of waiting frames. */
  ask(): void {
    const { origin } = this.#owner;
    this.#outgoing.urgent(writeQuestion({ origin, epoch: this.#link.epoch, number: 0, names: [] }));
  }

  end(): void {
    this.#owner.clock.clearTimeout(this.#timer);
  }
}
