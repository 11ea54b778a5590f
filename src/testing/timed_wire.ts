import type { Bytes } from "../core/mod.ts";
import type { Agenda, Entry } from "./agenda.ts";
import type { LinkConditions } from "./link_conditions.ts";
import type { Random } from "./random.ts";
import type { Wire, WireEnd } from "./wire.ts";

/** Instants are multiples of a tick: sums of such numbers are exact. */
const TICK_MS = 1 / 1_024;
/** The payload of a TCP segment on Ethernet. */
const SEGMENT_BYTES = 1_460;

/** Bytes under way, or FIN, and the earliest instant of their arrival. */
interface Parcel {
  readonly bytes: Bytes | undefined;
  readonly at: number;
}

/** A wire with latency: bytes arrive later, in pieces that are independent of the writes. */
export class TimedWire implements Wire {
  readonly #agenda: Agenda;
  readonly #order: number;
  readonly #conditions: LinkConditions;
  readonly #random: Random;
  readonly #end: WireEnd;
  #parcels: Parcel[] = [];
  #next: Entry | undefined;
  /** The instant at which the line has carried all bytes delivered so far. */
  #freeAt = 0;
  #stalledUntil = 0;
  #cut = false;

  constructor(agenda: Agenda, order: number, conditions: LinkConditions, random: Random, end: WireEnd) {
    this.#agenda = agenda;
    this.#order = order;
    this.#conditions = conditions;
    this.#random = random;
    this.#end = end;
  }

  send(bytes: Bytes): void {
    this.#put(bytes);
  }

  fin(): void {
    this.#put(undefined);
  }

  cut(): void {
    this.#cut = true;
    this.#parcels = [];
    if (this.#next !== undefined) this.#agenda.cancel(this.#next);
    this.#next = undefined;
  }

  rst(arrive: () => void): void {
    this.#agenda.add(this.#agenda.now() + inTicks(this.#conditions.latencyMs), this.#order, arrive);
  }

  /** Stops the delivery for `ms` milliseconds. */
  stall(ms: number): void {
    this.#stalledUntil = Math.max(this.#stalledUntil, this.#agenda.now() + inTicks(ms));
  }

  #put(bytes: Bytes | undefined): void {
    if (this.#cut) return;
    this.#parcels.push({ bytes, at: this.#agenda.now() + inTicks(this.#conditions.latencyMs) });
    if (this.#next === undefined) this.#schedule();
  }

  #schedule(): void {
    const first = this.#parcels[0];
    if (first === undefined) return;
    const jitter = this.#random.below(inTicks(this.#conditions.jitterMs) / TICK_MS + 1) * TICK_MS;
    const at = Math.max(first.at + jitter, this.#freeAt, this.#stalledUntil);
    this.#next = this.#agenda.add(at, this.#order, () => this.#arrive());
  }

  #arrive(): void {
    const now = this.#agenda.now();
    this.#next = undefined;
    if (now >= this.#stalledUntil) this.#deliver(now);
    // The delivery may end the connection.
    if (!this.#cut && this.#next === undefined) this.#schedule();
  }

  #deliver(now: number): void {
    const piece = this.#takePiece(now);
    if (piece.length > 0) {
      this.#freeAt = now + inTicks((piece.length / this.#conditions.bytesPerSecond) * 1_000);
      this.#end.onBytes(piece);
    } else if (this.#parcels[0]?.bytes === undefined) {
      this.#parcels.shift();
      this.#end.onFin();
    }
  }

  /** Takes a piece of the bytes that are due, split or joined anywhere; takes no bytes when FIN comes first. */
  #takePiece(now: number): Bytes {
    const due = this.#dueBytes(now);
    const piece = new Uint8Array(Math.min(due, this.#pieceBytes(due)));
    for (let length = 0; length < piece.length; ) {
      const bytes = (this.#parcels[0] as Parcel).bytes as Bytes;
      const part = bytes.subarray(0, piece.length - length);
      piece.set(part, length);
      length += part.length;
      if (part.length === bytes.length) this.#parcels.shift();
      else this.#parcels[0] = { bytes: bytes.subarray(part.length), at: now };
    }
    return piece;
  }

  #dueBytes(now: number): number {
    let due = 0;
    for (const { bytes, at } of this.#parcels) {
      if (bytes === undefined || at > now) break;
      due += bytes.length;
    }
    return due;
  }

  #pieceBytes(due: number): number {
    const { cutting } = this.#conditions;
    if (cutting === "fine" && !this.#random.once(8)) return this.#random.between(1, 8);
    if (cutting !== "none" && this.#random.once(2)) return this.#random.between(1, Math.max(1, due));
    return this.#random.once(2) ? SEGMENT_BYTES : due;
  }
}

/** Rounds a duration up to whole ticks. */
export function inTicks(ms: number): number {
  return Math.ceil(ms / TICK_MS) * TICK_MS;
}
