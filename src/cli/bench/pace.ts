/**
 * When and on which connection frames are sent. A *closed loop* sends as fast as replies come. An *open loop* sends at
 * planned instants, whether or not earlier frames were answered.
 */
import { clearImmediate, clearTimeout, setImmediate, setTimeout } from "node:timers";
import { Latencies } from "./latencies.ts";
import type { LoadConnection } from "./load_connection.ts";

/** Decides when frames are sent. */
export interface Pace {
  /** Begins with the connections that are there. */
  start(connections: readonly LoadConnection[]): void;
  /** A connection has room: it is new, or replies have come. */
  onRoom(connection: LoadConnection): void;
  /**
   * Sends what is due until `end`, which may have passed, and no more. Returns the number of frames that were due since
   * `measuredFrom` and that no connection had room for.
   */
  stop(measuredFrom: number, end: number): number;
  /** How late frames were sent because this process was busy. */
  readonly lateness: Latencies;
}

/** Sends as soon as there is room. */
export class ClosedLoop implements Pace {
  readonly lateness: Latencies = new Latencies();
  #running = false;

  start(connections: readonly LoadConnection[]): void {
    this.#running = true;
    for (const connection of connections) this.onRoom(connection);
  }

  onRoom(connection: LoadConnection): void {
    if (!this.#running) return;
    const now = performance.now();
    while (connection.hasRoom) connection.send(now);
    connection.flush();
  }

  stop(): number {
    this.#running = false;
    return 0;
  }
}

/** Timers are exact to about this: the last part of a pause is spent turning the event loop. */
const TIMER_MS = 2;

/**
 * Sends a frame every `1 / perSecond` seconds, on all connections in turn. A frame without room on any connection waits,
 * and its time counts from its planned instant all the same: what waits costs no memory, because instants are computed.
 */
export class OpenLoop implements Pace {
  readonly lateness: Latencies = new Latencies();
  readonly #gapMs: number;
  #running = false;
  #begun = 0;
  #next = 0;
  /** The last instant at which no connection had room. */
  #fullAt = 0;
  /** Connections that have room, the next one first: a queue of two stacks. */
  #ready: LoadConnection[] = [];
  #returned: LoadConnection[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  #immediate: ReturnType<typeof setImmediate> | undefined;

  constructor(perSecond: number) {
    this.#gapMs = 1_000 / perSecond;
  }

  start(connections: readonly LoadConnection[]): void {
    this.#running = true;
    this.#begun = performance.now();
    for (const connection of connections) this.#queue(connection);
    this.#turn();
  }

  onRoom(connection: LoadConnection): void {
    this.#queue(connection);
    // Frames are due that found no room.
    if (this.#running && this.#timer === undefined && this.#immediate === undefined) this.#turn();
  }

  stop(measuredFrom: number, end: number): number {
    clearTimeout(this.#timer);
    clearImmediate(this.#immediate);
    this.#sendDue(end);
    this.#running = false;
    const due = Math.floor((end - this.#begun) / this.#gapMs) + 1;
    const first = Math.max(this.#next, Math.ceil((measuredFrom - this.#begun) / this.#gapMs));
    return Math.max(0, due - first);
  }

  #queue(connection: LoadConnection): void {
    if (connection.queued || !connection.hasRoom) return;
    connection.queued = true;
    this.#returned.push(connection);
  }

  #take(): LoadConnection | undefined {
    for (;;) {
      if (this.#ready.length === 0) {
        this.#ready = this.#returned.toReversed();
        this.#returned = [];
      }
      const connection = this.#ready.pop();
      if (connection === undefined) return undefined;
      connection.queued = false;
      if (connection.hasRoom) return connection;
    }
  }

  #turn(): void {
    this.#timer = this.#immediate = undefined;
    if (!this.#running) return;
    const now = performance.now();
    this.#sendDue(now);
    if (this.#fullAt !== now) this.#plan();
  }

  /** Sends the frames that are due, as far as there is room. */
  #sendDue(now: number): void {
    const used = new Set<LoadConnection>();
    for (let at = this.#plannedAt(); at <= now; at = this.#plannedAt()) {
      const connection = this.#take();
      if (connection === undefined) {
        this.#fullAt = now;
        break;
      }
      // A frame that waited for room is late because of the peer.
      if (at > this.#fullAt) this.lateness.add(now - at);
      connection.send(at);
      this.#next += 1;
      this.#queue(connection);
      used.add(connection);
    }
    for (const connection of used) connection.flush();
  }

  /** Plans the next turn. */
  #plan(): void {
    const pauseMs = this.#plannedAt() - performance.now();
    if (pauseMs > TIMER_MS) this.#timer = setTimeout(() => this.#turn(), pauseMs - TIMER_MS);
    else this.#immediate = setImmediate(() => this.#turn());
  }

  #plannedAt(): number {
    return this.#begun + this.#next * this.#gapMs;
  }
}
