import type { Bytes } from "../core/mod.ts";

/** The receiving end of a {@link Wire}. */
export interface WireEnd {
  onBytes(bytes: Bytes): void;
  onFin(): void;
}

/** Carries bytes from one end of a link to the other, in order. **Owns** the bytes under way. */
export interface Wire {
  send(bytes: Bytes): void;
  /** Sends FIN, behind all bytes. */
  fin(): void;
  /** Drops everything under way. */
  cut(): void;
  /** Signals a reset: `arrive` is called later, never within this call. */
  rst(arrive: () => void): void;
}

/** A wire without latency: bytes and FIN arrive at once, a reset in the next microtask. */
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
