import { SpillwayError } from "../core/mod.ts";
import type { Link } from "./link.ts";
import type { MemoryEnd, Pair } from "./memory_end.ts";
import type { TimedWire } from "./timed_wire.ts";

/** The state of one direction of a {@link SimulatedConnection}, as the network sees it. */
export interface LinkState {
  /** The most bytes that it holds. */
  readonly maxBytes: number;
  /** The bytes that the network has taken from the writing end so far. */
  readonly written: number;
  /** The bytes that the reading end has taken so far. */
  readonly read: number;
  /** The bytes that have arrived and were not taken. */
  readonly waiting: number;
  /** Whether FIN was sent. */
  readonly finished: boolean;
  /** Whether a write waits for room. */
  readonly blocked: boolean;
  /** Whether nothing passes any more: an end has reset the connection, or has gone. */
  readonly broken: boolean;
}

/** A connection of a {@link SimulatedNetwork}, with methods that break it. */
export class SimulatedConnection {
  /** The number within one network, from 1, in the order of connecting. */
  readonly number: number;
  /** The direction from the end that connected. */
  readonly forth: LinkState;
  /** The direction to the end that connected. */
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
    return this.#pair.near.localAddress.port ?? 0;
  }

  /** Whether the accepting end is done with the connection. */
  get farOver(): boolean {
    return this.#pair.far.over;
  }

  /** Whether the end that connected is done with the connection. */
  get nearOver(): boolean {
    return this.#pair.near.over;
  }

  /** Resets the connection from the network: both ends find it broken, whatever their state. */
  reset(): void {
    for (const end of [this.#pair.far, this.#pair.near])
      breakEnd(end, "connection-reset", "the network reset the connection");
  }

  /** Breaks the connection at the accepting end, with an error that is not a reset. */
  breakFar(): void {
    breakEnd(this.#pair.far, "connection-failed", "the network is down");
  }

  /** Makes the next write of the accepting end fail, or the one that waits; does nothing after it has sent FIN. */
  failWrites(): void {
    if (this.back.finished) return;
    this.#links.back.break(new SpillwayError("connection-failed", "the network took no more bytes"));
  }

  /** Stops the delivery in one direction for `ms` milliseconds. */
  stall(direction: "forth" | "back", ms: number): void {
    this.#wires[direction].stall(ms);
  }
}

function breakEnd(end: MemoryEnd, code: "connection-reset" | "connection-failed", message: string): void {
  end.break(new SpillwayError(code, message));
}
