import { SpillwayError } from "../core/mod.ts";
import type { Link } from "./link.ts";
import type { MemoryEnd, Pair } from "./memory_end.ts";
import type { TimedWire } from "./timed_wire.ts";

/** One direction of a {@link SimulatedConnection}, as the network sees it. */
export interface LinkState {
  /** So many bytes it holds at most. */
  readonly maxBytes: number;
  /** Bytes that the network took from the writing end so far, and that the reading end took from it. */
  readonly written: number;
  readonly read: number;
  /** Bytes that have arrived there and were not taken. */
  readonly waiting: number;
  /** FIN was sent. */
  readonly finished: boolean;
  /** A write waits for room. */
  readonly blocked: boolean;
  /** Nothing passes any more: an end has reset it, or gone. */
  readonly broken: boolean;
}

/** A connection of a {@link SimulatedNetwork}, and what can be done to it. */
export class SimulatedConnection {
  /** Counts up from 1 within one network, in the order of connecting. */
  readonly number: number;
  /** From the end that connected, and to it. */
  readonly forth: LinkState;
  readonly back: LinkState;
  readonly #links: { readonly forth: Link; readonly back: Link };
  readonly #wires: { readonly forth: TimedWire; readonly back: TimedWire };
  readonly #pair: Pair;

  /** Use {@link simulatedNetwork}. */
  constructor(
    number: number,
    pair: Pair,
    links: { readonly forth: Link; readonly back: Link },
    wires: { readonly forth: TimedWire; readonly back: TimedWire },
  ) {
    this.number = number;
    this.#pair = pair;
    this.#links = links;
    this.forth = links.forth;
    this.back = links.back;
    this.#wires = wires;
  }

  /** The port of the end that connected. */
  get port(): number {
    return this.#pair.near.localAddress.port;
  }

  /** Whether the end that accepted, or would have, is done with it; and the end that connected. */
  get farOver(): boolean {
    return this.#pair.far.over;
  }

  get nearOver(): boolean {
    return this.#pair.near.over;
  }

  /** The network resets it: both ends find it broken, whatever they are at. */
  reset(): void {
    for (const end of [this.#pair.far, this.#pair.near])
      breakEnd(end, "connection-reset", "the network reset the connection");
  }

  /** The end that accepted it finds it broken, in a way that is no reset. */
  breakFar(): void {
    breakEnd(this.#pair.far, "connection-failed", "the network is down");
  }

  /** The next write of the end that accepted it fails, or the one that waits does; unless it has sent FIN. */
  failWrites(): void {
    if (this.back.finished) return;
    this.#links.back.break(new SpillwayError("connection-failed", "the network took no more bytes"));
  }

  /** Nothing arrives for so many milliseconds, in one direction. */
  stall(direction: "forth" | "back", ms: number): void {
    this.#wires[direction].stall(ms);
  }
}

function breakEnd(end: MemoryEnd, code: "connection-reset" | "connection-failed", message: string): void {
  end.break(new SpillwayError(code, message));
}
