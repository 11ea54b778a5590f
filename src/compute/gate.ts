import type { Clock } from "../core/mod.ts";
import { type FleetError, fleetError } from "./errors.ts";
import { Turnstile } from "./turnstile.ts";

/** The rules of a {@link Gate}. */
export interface GateOptions {
  readonly maxQueue: number;
  readonly waitForWorkersMs: number;
  /** The longest time that an attempt to reach a worker or a broker takes. */
  readonly attemptMs: number;
  readonly clock: Clock;
}

/** The fleet behind a {@link Gate}. */
export interface GateHost {
  /** Whether an attempt to reach a worker or a broker is under way. */
  readonly trying: boolean;
  /** A frame comes, and nothing is there: attempts need not wait. */
  hurry(): void;
}

/**
 * Admits frames to the places of a fleet, whose number changes. Frames without a place wait in FIFO order: at most `maxQueue`, and while
 * there is no place at all, `waitForWorkersMs`.
 */
export class Gate {
  readonly #options: GateOptions;
  readonly #host: GateHost;
  readonly #places = new Turnstile(0);
  /** The instant since which there is no place at all. */
  #downSince: number;
  /** The instant since which a frame waits. */
  #waitingSince = 0;
  #timer: unknown;
  /** The reason why there is none, as far as it is known. */
  lastError: FleetError | undefined;
  #closedWith: FleetError | undefined;

  constructor(options: GateOptions, host: GateHost) {
    this.#options = options;
    this.#host = host;
    this.#downSince = options.clock.now();
  }

  /** The frames that wait. */
  get waiting(): number {
    return this.#places.waiting;
  }

  /** The places that are taken. */
  get inside(): number {
    return this.#places.inside;
  }

  /** Whether a frame would be admitted at once. */
  get open(): boolean {
    return this.#places.inside < this.#places.room;
  }

  get room(): number {
    return this.#places.room;
  }

  set room(room: number) {
    if (this.#closedWith !== undefined) return;
    if (room === 0 && this.#places.room > 0) this.#downSince = this.#options.clock.now();
    this.#places.room = room;
    this.#refuseWaiting();
  }

  /** Begins to count the time without a place. */
  start(): void {
    this.#downSince = this.#options.clock.now();
  }

  /** Fulfils with a place, which `leave` frees. Rejects with the signal's reason, or with a {@link FleetError}. */
  enter(signal?: AbortSignal): Promise<void> {
    if (this.#closedWith !== undefined) return Promise.reject(this.#closedWith);
    if (this.open) return this.#places.enter(signal);
    const { maxQueue } = this.#options;
    if (this.#places.waiting >= maxQueue) {
      return Promise.reject(fleetError("fleet-busy", `${maxQueue} frames wait for a worker already (maxQueue)`));
    }
    if (this.#places.waiting === 0) this.#waitingSince = this.#options.clock.now();
    if (this.#places.room === 0) this.#host.hurry();
    const entered = this.#places.enter(signal);
    this.#refuseWaiting();
    return entered;
  }

  leave(): void {
    this.#places.leave();
  }

  close(error: FleetError): void {
    this.#closedWith = error;
    this.#places.close(error);
    this.#options.clock.clearTimeout(this.#timer);
  }

  /** Refuses the frames that wait when nothing has been there for too long; otherwise sets a timer for that. */
  #refuseWaiting(): void {
    const { attemptMs, clock, waitForWorkersMs } = this.#options;
    clock.clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#places.waiting === 0 || this.#places.room > 0) return;
    // An attempt that is under way decides, unless it takes too long.
    const until = this.#host.trying ? this.#waitingSince + attemptMs : -Infinity;
    const leftMs = Math.max(until, this.#downSince + waitForWorkersMs) - clock.now();
    if (leftMs > 0) {
      this.#timer = clock.setTimeout(() => this.#refuseWaiting(), leftMs);
      return;
    }
    const why = this.lastError === undefined ? "" : `: ${this.lastError.message}`;
    this.#places.refuse(fleetError("no-workers", `no worker of the fleet is there${why}`, this.lastError));
  }
}
