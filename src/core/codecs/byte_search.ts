import type { Bytes } from "../transport/transport.ts";

/** The position of a byte that was not searched for yet. */
const UNKNOWN = -1;

/**
 * Finds the next of several bytes in a chunk. Each byte is searched natively, and its position is remembered: the chunk
 * is scanned once for each byte, however often `find` is called.
 */
export class ByteSearch {
  readonly #bytes: readonly number[];
  /** The next position of each byte; the length of the chunk if there is none. */
  readonly #found: number[];

  constructor(bytes: readonly number[]) {
    this.#bytes = bytes;
    this.#found = bytes.map(() => UNKNOWN);
  }

  /** Forgets the positions, for another chunk. */
  reset(): void {
    for (let index = 0; index < this.#found.length; index++) this.#found[index] = UNKNOWN;
  }

  /**
   * Returns the position of the first of the bytes at or after `start`, or -1. `start` must not decrease between calls.
   */
  find(chunk: Bytes, start: number): number {
    let first = chunk.length;
    for (let index = 0; index < this.#found.length; index++) {
      let at = this.#found[index] as number;
      if (at < start) {
        at = chunk.indexOf(this.#bytes[index] as number, start);
        if (at < 0) at = chunk.length;
        this.#found[index] = at;
      }
      if (at < first) first = at;
    }
    return first === chunk.length ? -1 : first;
  }
}
