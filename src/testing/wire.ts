import type { Bytes } from "../core/mod.ts";

/** Where a {@link Wire} ends. */
export interface WireEnd {
  onBytes(bytes: Bytes): void;
  onFin(): void;
}

/** What carries bytes from one end of a link to the other, in order. **Owns** what it carries. */
export interface Wire {
  send(bytes: Bytes): void;
  /** FIN, behind all bytes. */
  fin(): void;
  /** Drops what is under way. */
  cut(): void;
  /** Tells of a reset: `arrive` is called, not within this call. */
  rst(arrive: () => void): void;
}

/** No time passes: bytes and FIN arrive at once, a reset in the next microtask. */
export class DirectWire implements Wire {
  readonly #end: WireEnd;

  constructor(end: WireEnd) {
    this.#end = end;
  }

  send(bytes: Bytes): void {
    this.#end.onBytes(bytes);
  }

  fin(): void {
    this.#end.onFin();
  }

  cut(): void {
    // Nothing is ever under way.
  }

  rst(arrive: () => void): void {
    queueMicrotask(arrive);
  }
}
