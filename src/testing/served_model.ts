import type { CloseReason, ConnectionClosed, ConnectionInfo } from "../core/mod.ts";
import type { SimulatedConnection } from "./simulated_connection.ts";

/** What is known, from outside, of a connection that a server has accepted. */
export class ServedModel {
  readonly info: ConnectionInfo;
  readonly link: SimulatedConnection;
  readonly openedAt: number;
  /** How it ended. */
  closed: ConnectionClosed | undefined;
  closedAt: number = Infinity;
  /** When the server last took bytes, gave bytes to the network, and an asynchronous handler finished. */
  heardAt: number;
  progressAt: number;
  /** When it can last have heard that the network had taken bytes. */
  progressToldAt: number;
  settledAt: number;
  /** Since when a write has waited for room; when FIN was sent; when the descriptor was given back. */
  blockedSince: number = Infinity;
  finAt: number = Infinity;
  overAt: number = Infinity;
  /** Bytes that were taken in the tick in which FIN was sent: they had come before it, and were not looked at. */
  readWithFin: number = 0;
  /** What `onDisconnect` was told. */
  readonly told: CloseReason[] = [];
  /** When each handler that is at work began, `onConnect` included. */
  readonly working: number[] = [];
  /** A handler answered with a stream: what is at work can no longer be told from outside. */
  streamed = false;
  /** When the network took bytes, and how many. */
  readonly #taken: { readonly at: number; readonly bytes: number }[] = [];
  /** The network took bytes, and the process stalls: it hears of them later. */
  #unheard = false;
  #read = 0;
  #written = 0;

  constructor(info: ConnectionInfo, link: SimulatedConnection, now: number) {
    this.info = info;
    this.link = link;
    this.openedAt = this.heardAt = this.progressAt = this.progressToldAt = this.settledAt = now;
  }

  /** Whether neither its end was reported nor anything of it is left in the network. */
  get live(): boolean {
    return this.closed === undefined;
  }

  /** When something last happened. */
  get quietSince(): number {
    return Math.max(this.heardAt, this.progressAt, this.settledAt);
  }

  /** How many bytes the network has taken since then, that instant not included. */
  takenSince(instant: number): number {
    let sum = 0;
    for (const { at, bytes } of this.#taken) if (at > instant) sum += bytes;
    return sum;
  }

  /** A handler begins; the function says that it has finished. */
  begin(now: number): (now: number) => void {
    this.working.push(now);
    return (end) => {
      const index = this.working.indexOf(now);
      if (index >= 0) this.working.splice(index, 1);
      this.settledAt = end;
    };
  }

  /** Looks at the network; `stalled` says whether the process hears of nothing. */
  update(now: number, stalled: boolean): void {
    const { forth, back, farOver } = this.link;
    if (back.finished && this.finAt === Infinity) {
      this.finAt = now;
      this.readWithFin = forth.read - this.#read;
    }
    if (farOver && this.overAt === Infinity) this.overAt = now;
    // Behind FIN, input is read only to find its end.
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
