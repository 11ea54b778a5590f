import type { CloseReason, ConnectionClosed, ConnectionInfo } from "../core/mod.ts";
import type { SimulatedConnection } from "./simulated_connection.ts";

/** The state of a connection that a server has accepted, as far as it is visible from outside. */
export class ServedModel {
  readonly info: ConnectionInfo;
  readonly link: SimulatedConnection;
  readonly openedAt: number;
  /** The event of its end. */
  closed: ConnectionClosed | undefined;
  closedAt: number = Infinity;
  /** The last instants at which the server took bytes, gave bytes to the network, and finished an asynchronous handler. */
  heardAt: number;
  progressAt: number;
  /** The latest instant at which the server can have learnt that the network took bytes. */
  progressToldAt: number;
  settledAt: number;
  /** The instants since when a write waits for room, at which FIN was sent, and at which the descriptor was released. */
  blockedSince: number = Infinity;
  finAt: number = Infinity;
  overAt: number = Infinity;
  /** The bytes taken in the tick in which FIN was sent: they had arrived before it, and were not looked at. */
  readWithFin: number = 0;
  /** The reasons passed to `onDisconnect`. */
  readonly told: CloseReason[] = [];
  /** The instants at which the running handlers began, `onConnect` included. */
  readonly working: number[] = [];
  /** Whether a handler answered with a stream: running work is then no longer visible from outside. */
  streamed = false;
  /** The instants at which the network took bytes, and their numbers. */
  readonly #taken: { readonly at: number; readonly bytes: number }[] = [];
  /** Whether the network took bytes while the process stalls, so that the process learns of it later. */
  #unheard = false;
  #read: number;
  #written = 0;

  constructor(info: ConnectionInfo, link: SimulatedConnection, now: number) {
    this.info = info;
    this.link = link;
    this.#read = link.forth.read;
    this.openedAt = this.heardAt = this.progressAt = this.progressToldAt = this.settledAt = now;
  }

  /** Whether the end of the connection has not been reported yet. */
  get live(): boolean {
    return this.closed === undefined;
  }

  /** The last instant at which something happened. */
  get quietSince(): number {
    return Math.max(this.heardAt, this.progressAt, this.settledAt);
  }

  /** Returns the number of bytes that the network has taken after `instant`. */
  takenSince(instant: number): number {
    let sum = 0;
    for (const { at, bytes } of this.#taken) if (at > instant) sum += bytes;
    return sum;
  }

  /** Records that a handler begins. The returned function records that it has finished. */
  begin(now: number): (now: number) => void {
    this.working.push(now);
    return (end) => {
      const index = this.working.indexOf(now);
      if (index >= 0) this.working.splice(index, 1);
      this.settledAt = end;
    };
  }

  /** Reads the state of the network. `stalled`: whether the process learns of nothing at present. */
  update(now: number, stalled: boolean): void {
    const { forth, back, farOver } = this.link;
    if (back.finished && this.finAt === Infinity) {
      this.finAt = now;
      this.readWithFin = forth.read - this.#read;
    }
    if (farOver && this.overAt === Infinity) this.overAt = now;
    // After FIN, input is read only to find its end.
    if (this.finAt === Infinity) {
      if (forth.read !== this.#read) this.heardAt = now;
      if (back.written !== this.#written) {
        this.progressAt = now;
        this.#unheard = true;
        this.#taken.push({ at: now, bytes: back.written - this.#written });
      }
      if (this.#unheard) this.progressToldAt = now;
      this.#unheard &&= stalled;
    }
    this.#read = forth.read;
    this.#written = back.written;
    if (!back.blocked) this.blockedSince = Infinity;
    else if (this.blockedSince === Infinity) this.blockedSince = now;
  }
}
