import { SpillwayError } from "../errors/errors.ts";
import type { Limits } from "../options/limits.ts";
import type { ServerEvent } from "../session/observer.ts";
import type { Clock } from "../time/clock.ts";
import type { DeadlineQueue } from "../time/deadline.ts";
import { RESOLVED } from "../time/resolved.ts";
import { connectionInfo } from "../transport/connection_info.ts";
import {
  Establishing,
  type EstablishOwner,
  type EstablishSettings,
  type EstablishStep,
} from "../transport/establish.ts";
import type { Connection, Listener } from "../transport/transport.ts";
import { AcceptLoop, type AcceptLoopOwner } from "./accept.ts";
import { Tracker } from "./tracker.ts";

/** A listener, and the steps of the connections that it accepts. */
export interface Bound {
  readonly listener: Listener;
  readonly steps: readonly EstablishStep[];
}

/** The server of an {@link Acceptor}. */
export interface AcceptorOwner {
  /** Returns whether no connection may be accepted, beside the number of those that are being established. */
  isFull(establishing: number): boolean;
  /** A connection is established. Must not throw. */
  onConnection(connection: Connection, id: number): void;
  /** A connection was not established: there is room for another. */
  onRoom(): void;
  observe(event: ServerEvent): void;
}

interface AcceptorSettings {
  readonly clock: Clock;
  readonly deadlines: DeadlineQueue;
}

/**
 * Accepts the connections of all listeners of a server, and takes each through the steps of its listener: `accepting →
 * (finishing →) stopped`. The steps run beside the accept loops, so that a slow one delays nobody else.
 *
 * - **Owns** the listeners, and every connection until it is established.
 * - **Bounded**: nothing is accepted while the server is full, or `maxEstablishing` connections are in their steps.
 */
export class Acceptor implements AcceptLoopOwner, EstablishOwner {
  /** Fulfils when nothing more will be accepted. Rejects when accepting failed permanently, on any listener. */
  readonly done: Promise<unknown>;
  /** The number of connections that were accepted, and of those that were not established. */
  accepted = 0;
  failed = 0;
  readonly #settings: EstablishSettings;
  readonly #limits: Limits;
  readonly #owner: AcceptorOwner;
  readonly #loops: readonly AcceptLoop[];
  /** Fulfils when every loop has ended, in whatever way. */
  readonly #ended: Promise<unknown>;
  readonly #establishing = new Tracker<Establishing>();
  /** The accept loops that wait for room. */
  #waiting: (() => void)[] = [];
  #stopped = false;

  constructor(
    listeners: readonly Bound[],
    { clock, deadlines }: AcceptorSettings,
    limits: Limits,
    owner: AcceptorOwner,
  ) {
    this.#settings = { clock, deadlines, timeoutMs: limits.establishTimeoutMs };
    this.#limits = limits;
    this.#owner = owner;
    this.#loops = listeners.map(({ listener, steps }) => new AcceptLoop(listener, steps, this, clock));
    // In a microtask, so that observers of `listening` have the whole server.
    const runs = RESOLVED.then(() => this.#loops.map((loop) => this.#run(loop)));
    this.done = runs.then((all) => Promise.all(all));
    this.#ended = runs.then((all) => Promise.allSettled(all));
  }

  /** The number of connections in their steps. */
  get establishing(): number {
    return this.#establishing.size;
  }

  /** Stops accepting, but takes connections that wait already. */
  finish(): void {
    for (const loop of this.#loops) loop.finish();
  }

  /** Stops accepting at once, and refuses the connections that are not established. */
  stop(): void {
    this.#stopped = true;
    for (const loop of this.#loops) loop.stop();
    for (const establishing of this.#establishing) establishing.abort(drainedError());
    // Loops that hold a connection for which there was no room.
    this.onRoom();
  }

  async #run(loop: AcceptLoop): Promise<void> {
    try {
      await loop.run();
    } catch (error) {
      this.#owner.observe({ type: "accept-error", error: error as SpillwayError });
      throw error;
    }
  }

  /** Fulfils when nothing more will be accepted, and no connection is in its steps. Never rejects. */
  async whenDone(): Promise<void> {
    await this.#ended;
    await this.#establishing.whenEmpty();
  }

  /** Wakes the accept loops, because a connection is over: they look again whether there is room. */
  onRoom(): void {
    if (this.#waiting.length === 0) return;
    for (const wake of this.#waiting.splice(0)) wake();
  }

  whenReady(steps: readonly EstablishStep[]): Promise<void> | undefined {
    const { size } = this.#establishing;
    // The server is asked in any case: it observes that it is full.
    if (!this.#owner.isFull(size) && (steps.length === 0 || size < this.#limits.maxEstablishing)) return undefined;
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  onConnection(connection: Connection, steps: readonly EstablishStep[]): void {
    this.accepted += 1;
    if (steps.length === 0) return this.#owner.onConnection(connection, this.accepted);
    const establishing = new Establishing(this.accepted, connection, steps, this.#settings, this);
    this.#establishing.add(establishing);
    establishing.start();
    if (this.#stopped) establishing.abort(drainedError());
  }

  onEstablished(connection: Connection, establishing: Establishing): void {
    this.#establishing.delete(establishing);
    this.#owner.onConnection(connection, establishing.id);
    this.onRoom();
  }

  onRefused(error: SpillwayError<string>, establishing: Establishing): void {
    this.failed += 1;
    this.#establishing.delete(establishing);
    const { connection, durationMs, id } = establishing;
    this.#owner.observe({ type: "establish-failed", connection: connectionInfo(id, connection), error, durationMs });
    this.#owner.onRoom();
    this.onRoom();
  }

  onError(error: SpillwayError, retryInMs: number): void {
    this.#owner.observe({ type: "accept-error", error, retryInMs });
  }
}

function drainedError(): SpillwayError {
  return new SpillwayError("drained", "the server drains");
}
