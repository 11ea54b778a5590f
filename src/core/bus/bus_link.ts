import { describe } from "../errors/describe.ts";
import { SpillwayError } from "../errors/errors.ts";
import type { Clock } from "../time/clock.ts";
import type { Bus, BusConnection, BusContext } from "./bus.ts";

/** The time for a connection to be made, with everything subscribed. */
const CONNECT_MS = 10_000;
/** The pause before another attempt, which doubles up to the longest; a random half of it is left out. */
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 2_000;
/** The time after which a connection counts as one that lasts. */
const LASTING_MS = 5_000;

/** The user of a link. */
export interface BusLinkOwner {
  readonly clock: Clock;
  readonly transport: BusContext["transport"];
  readonly random: () => number;
  /** Returns the topics to subscribe to, and remembers that they were asked for. */
  takeTopics(): number[];
  /** It is connected, and these topics are subscribed to. */
  onUp(connection: BusConnection, topics: readonly number[]): void;
  /** An attempt has failed, or the connection is lost. The next attempt comes after `retryInMs`. */
  onDown(error: SpillwayError, retryInMs: number): void;
  onMessage(topic: number, bytes: Uint8Array): void;
}

/** One attempt to connect, and then its connection. */
interface Attempt {
  over: boolean;
  connection?: BusConnection;
  readonly givenUp: AbortController;
}

/** Keeps a server connected to the broker: connects, subscribes, and tries again. */
export class BusLink {
  /** The number of connections that came up. */
  epoch = 0;
  /** The connection, once everything is subscribed to. */
  connection: BusConnection | undefined;
  readonly #bus: Bus;
  readonly #owner: BusLinkOwner;
  #attempt: Attempt | undefined;
  #timer: unknown;
  #failures = 0;
  #upAt = 0;
  #closed = false;

  constructor(bus: Bus, owner: BusLinkOwner) {
    this.#bus = bus;
    this.#owner = owner;
  }

  start(): void {
    this.#timer = undefined;
    if (this.#closed) return;
    const attempt: Attempt = { over: false, givenUp: new AbortController() };
    this.#attempt = attempt;
    const { clock } = this.#owner;
    const late = () =>
      this.#fail(attempt, new SpillwayError("bus-connect-failed", "the broker did not answer in time"));
    this.#timer = clock.setTimeout(late, CONNECT_MS);
    this.#connect(attempt).catch((cause: unknown) => this.#fail(attempt, connectError(cause)));
  }

  /** The connection is of no use any more. */
  fail(cause: unknown): void {
    if (this.#attempt === undefined) return;
    const message = `the connection to the broker failed: ${describe(cause)}`;
    const error = cause instanceof SpillwayError ? cause : new SpillwayError("bus-disconnected", message, { cause });
    this.#fail(this.#attempt, error);
  }

  /** Ends the connection, and makes no other. */
  close(): void {
    this.#closed = true;
    this.#owner.clock.clearTimeout(this.#timer);
    this.#end();
  }

  async #connect(attempt: Attempt): Promise<void> {
    const { clock, transport } = this.#owner;
    const connection = await this.#bus.connect({
      clock,
      transport,
      signal: attempt.givenUp.signal,
      onMessage: (topic, bytes) => {
        if (!attempt.over) this.#owner.onMessage(topic, bytes);
      },
      onClosed: (error) => this.#fail(attempt, error),
    });
    if (attempt.over) return connection.close();
    attempt.connection = connection;
    const topics = this.#owner.takeTopics();
    await connection.subscribe(topics);
    if (attempt.over) return;
    clock.clearTimeout(this.#timer);
    this.#upAt = clock.now();
    this.epoch += 1;
    this.connection = connection;
    this.#owner.onUp(connection, topics);
  }

  #fail(attempt: Attempt, error: SpillwayError): void {
    if (attempt.over) return;
    const { clock, random } = this.#owner;
    clock.clearTimeout(this.#timer);
    // A broker that accepts and ends at once is not asked ten times a second.
    if (this.connection !== undefined && clock.now() - this.#upAt >= LASTING_MS) this.#failures = 0;
    this.#end();
    const pauseMs = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(16, this.#failures));
    const retryInMs = Math.round(pauseMs * (1 - random() / 2));
    this.#failures += 1;
    this.#timer = clock.setTimeout(() => this.start(), retryInMs);
    this.#owner.onDown(error, retryInMs);
  }

  #end(): void {
    const attempt = this.#attempt;
    this.#attempt = this.connection = undefined;
    if (attempt === undefined) return;
    attempt.over = true;
    try {
      attempt.connection?.close();
    } catch {
      // A driver that cannot close its connection has lost it.
    }
    attempt.givenUp.abort();
  }
}

function connectError(cause: unknown): SpillwayError {
  if (cause instanceof SpillwayError) return cause;
  return new SpillwayError("bus-connect-failed", `cannot connect to the broker: ${describe(cause)}`, { cause });
}
