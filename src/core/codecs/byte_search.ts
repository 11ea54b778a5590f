import type { Bytes } from "../transport/transport.ts";

/** Not looked for yet. */
const UNKNOWN = -1;

/**
 * Finds the next of several bytes in a chunk. Each is searched natively, and where it was found is remembered: so the chunk is
 * looked at once for each of them, however often `find` is called.
 */
export class ByteSearch {
  readonly #bytes: readonly number[];
  /** Where each of them is next; the length of the chunk when it is not there. */
  readonly #found: number[];

  constructor(bytes: readonly number[]) {
    this.#bytes = bytes;
    this.#found = bytes.map(() => UNKNOWN);
  }

  /** Another chunk is searched from now on. */
  reset(): void {
    for (let index = 0; index < this.#found.length; index++) this.#found[index] = UNKNOWN;
  }

  /** Where the next of them is, from `start` on; -1 for none. `start` only grows. */
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
