import type { Bytes } from "./transport.ts";

/** What waits on every idle connection. */
const SMALL_BYTES = 512;
const LARGE_BYTES = 65_536;

/**
 * The buffer of a connection's next read, for a runtime that reads into one. An idle connection holds a small one; a chunk
 * that fits is copied out of it. What fills it has more behind it: that is read into a large one, which goes along with
 * the chunk.
 */
export class ReadBuffer {
  readonly #small: Bytes = new Uint8Array(SMALL_BYTES);
  #large: Bytes | undefined;
  #flooded = false;

  /** Where to read to. */
  next(): Bytes {
    if (!this.#flooded) return this.#small;
    this.#large = new Uint8Array(LARGE_BYTES);
    return this.#large;
  }

  /** The chunk that was read there: the caller's, never written to again. */
  take(count: number): Bytes {
    const large = this.#large;
    this.#large = undefined;
    this.#flooded = count === (large ?? this.#small).length;
    if (large !== undefined) return large.subarray(0, count);
    // A buffer of its own: whoever gets a chunk may transfer it.
    return this.#small.slice(0, count);
  }
}
