import type { Bytes } from "./transport.ts";

/** The sizes of the buffers: for an idle connection, for longer messages, and after a full buffer. */
const SIZES = [128, 1_024, 65_536] as const;
const LARGEST = 2;
/**
 * Large buffers that came back, for any connection. A connection needs one for a single read, and creating one clears
 * 64 KiB.
 */
const largeSpares: Bytes[] = [];
const MAX_LARGE_SPARES = 16;
/** The number of reads in a row that would have fit a smaller buffer, before a smaller one is used. */
const SHORT_READS = 4;

/**
 * The buffer of a connection's next read, for a runtime that reads into one. A pending read owns its buffer, so an idle
 * connection should hold a small one. After a full buffer the next one is larger, because more has come.
 */
export class ReadBuffer {
  #size: 0 | 1 | 2 = 0;
  #buffer: Bytes | undefined;
  /** The last buffer that was taken, and one that came back. */
  #lent: Bytes | undefined;
  #spare: Bytes | undefined;
  #shortReads = 0;

  /** Returns the buffer to read into. */
  next(): Bytes {
    this.#buffer ??= this.#takeSpare() ?? new Uint8Array(SIZES[this.#size]);
    return this.#buffer;
  }

  /**
   * Returns the chunk that was read. It belongs to the caller, has a buffer of its own, and is not written to before
   * `recycle`.
   */
  take(count: number): Bytes {
    const buffer = this.#buffer as Bytes;
    this.#buffer = undefined;
    this.#lent = buffer;
    if (count === buffer.length) this.#resize(Math.min(this.#size + 1, LARGEST));
    else if (this.#size === LARGEST) this.#resize(1);
    else if (this.#size === 1 && count < SIZES[0]) this.#countShortRead();
    else this.#shortReads = 0;
    // This costs V8 less than `subarray`.
    return new Uint8Array(buffer.buffer, 0, count);
  }

  /** Takes back the memory of a chunk to which nothing refers any more. */
  recycle(chunk: Bytes): void {
    const lent = this.#lent;
    if (lent?.buffer !== chunk.buffer) return;
    this.#lent = undefined;
    if (lent.length === SIZES[LARGEST]) keepLarge(lent, chunk.length);
    else if (lent.length === SIZES[this.#size]) this.#spare = lent;
  }

  #takeSpare(): Bytes | undefined {
    if (this.#size === LARGEST) return largeSpares.pop();
    const spare = this.#spare;
    this.#spare = undefined;
    return spare;
  }

  #countShortRead(): void {
    this.#shortReads += 1;
    if (this.#shortReads === SHORT_READS) this.#resize(0);
  }

  #resize(size: number): void {
    this.#size = size as 0 | 1 | 2;
    this.#spare = undefined;
    this.#shortReads = 0;
  }
}

/** Keeps a large buffer, cleared, because the chunks of another connection will have this memory behind them. */
function keepLarge(buffer: Bytes, count: number): void {
  if (largeSpares.length === MAX_LARGE_SPARES) return;
  largeSpares.push(buffer.fill(0, 0, count));
}
