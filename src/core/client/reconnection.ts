import type { SpillwayError } from "../errors/errors.ts";
import type { Clock } from "../time/clock.ts";
import { Deadline, type DeadlineOwner, type DeadlineQueue } from "../time/deadline.ts";
import type { Connection } from "../transport/transport.ts";
import type { ClientEnd, ClientEvent } from "./client_event.ts";
import type { ReconnectOptions } from "./reconnect_options.ts";

/** What a {@link Reconnection} needs of its client, and tells it. */
export interface ReconnectionEvents {
  dial(signal: AbortSignal): Promise<Connection>;
  /** There is a connection again. @throws {SpillwayError} it is of no use */
  onConnected(connection: Connection): void;
  /** The last attempt has failed, or the connection of the last one; with the error. */
  onGivenUp(error: SpillwayError | undefined): void;
  observe(event: ClientEvent): void;
}

/** Makes a lost connection anew, after pauses that grow until one was good for something. */
export class Reconnection implements DeadlineOwner {
  readonly #options: ReconnectOptions;
  readonly #random: () => number;
  readonly #clock: Clock;
  readonly #deadlines: DeadlineQueue;
  readonly #events: ReconnectionEvents;
  /** So many attempts have pauses of the same length: one at each host. */
  readonly #round: number;
  readonly #deadline = new Deadline(this);
  /** Gives up the attempt that is under way. */
  readonly #controller = new AbortController();
  /** Since a connection was last good for something. */
  #attempts = 0;
  /** The next pause is left out. */
  #hurried = false;
  /** An attempt is under way. */
  #attempting = false;

  constructor(
    options: ReconnectOptions,
    round: number,
    random: () => number,
    clock: Clock,
    deadlines: DeadlineQueue,
    events: ReconnectionEvents,
  ) {
    this.#options = options;
    this.#round = round;
    this.#random = random;
    this.#clock = clock;
    this.#deadlines = deadlines;
    this.#events = events;
  }

  /** The connection has answered a request, or has outlived every pause: the next one to fail is the first. */
  prove(): void {
    this.#attempts = 0;
  }

  /** The connection is over. `aliveMs`: for how long it was ready; 0 when it never was. */
  lose({ reason, error }: ClientEnd, aliveMs: number): void {
    // A server that accepts, greets and hangs up is no better than one that refuses. Being quiet is no fault.
    const quiet = reason === "idle-timeout" && aliveMs > 0;
    if (quiet || (aliveMs > this.#options.maxDelayMs && reason !== "request-timeout")) this.prove();
    this.#begin(error);
  }

  /** Makes the next attempt without a pause: now, unless one is under way, or when the present connection is over. */
  hurry(): void {
    if (this.#attempting) return;
    this.#hurried = true;
    if (this.#deadline.at === Infinity) return;
    this.#deadline.at = this.#clock.now();
    this.#deadlines.arm(this.#deadline);
  }

  onDeadline(): void {
    void this.#attempt();
  }

  /** Now and for good. */
  stop(): void {
    this.#deadlines.disarm(this.#deadline);
    this.#controller.abort();
  }

  async #attempt(): Promise<void> {
    this.#hurried = false;
    this.#attempting = true;
    const { signal } = this.#controller;
    try {
      const connection = await this.#events.dial(signal);
      this.#attempting = false;
      if (signal.aborted) connection.abort();
      else this.#events.onConnected(connection);
    } catch (error) {
      this.#attempting = false;
      if (!signal.aborted) this.#onFailed(error as SpillwayError);
    }
  }

  #onFailed(error: SpillwayError): void {
    this.#events.observe({ type: "connect-error", attempt: this.#attempts, error });
    this.#begin(error);
  }

  /** Begins the next pause, unless that was the last attempt. `error` is what the connection, or the attempt, ended with. */
  #begin(error: SpillwayError | undefined): void {
    if (this.#controller.signal.aborted) return;
    if (this.#attempts >= this.#options.maxAttempts && !this.#hurried) return this.#events.onGivenUp(error);
    const delayMs = this.#hurried ? 0 : this.#longestDelayMs() * (1 - this.#options.jitter * this.#random());
    this.#attempts += 1;
    this.#deadline.at = this.#clock.now() + delayMs;
    this.#deadlines.arm(this.#deadline);
    this.#events.observe({ type: "reconnecting", attempt: this.#attempts, delayMs });
  }

  /** How long the next pause may be. */
  #longestDelayMs(): number {
    const { minDelayMs, maxDelayMs, factor } = this.#options;
    return Math.min(maxDelayMs, minDelayMs * factor ** Math.floor(this.#attempts / this.#round));
  }
}
