import type { Bytes } from "./transport.ts";

/** The sizes of the buffers: for an idle connection, for longer messages, and after a full buffer. */
const SIZES = [128, 1_024, 8_192, 65_536] as const;
const LARGEST = SIZES.length - 1;
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
  /** The index of the present size. */
  #size = 0;
  #buffer: Bytes | undefined;
  /** The last buffer that was taken, and one that came back. */
  #lent: Bytes | undefined;
  #spare: Bytes | undefined;
  #shortReads = 0;

  /** Returns the buffer to read into. */
  next(): Bytes {
    this.#buffer ??= this.#takeSpare() ?? new Uint8Array(sizeOf(this.#size));
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
    else if (this.#size === LARGEST) this.#resize(LARGEST - 1);
    else if (this.#size > 0 && count < sizeOf(this.#size - 1)) this.#countShortRead();
    else this.#shortReads = 0;
    // This costs V8 less than `subarray`.
    return new Uint8Array(buffer.buffer, 0, count);
  }

  /** Takes back the memory of a chunk to which nothing refers any more. */
  recycle(chunk: Bytes): void {
    const lent = this.#lent;
    if (lent?.buffer !== chunk.buffer) return;
    this.#lent = undefined;
    if (lent.length === sizeOf(LARGEST)) keepLarge(lent, chunk.length);
    else if (lent.length === sizeOf(this.#size)) this.#spare = lent;
  }

  #takeSpare(): Bytes | undefined {
    if (this.#size === LARGEST) return largeSpares.pop();
    const spare = this.#spare;
    this.#spare = undefined;
    return spare;
  }

  #countShortRead(): void {
    this.#shortReads += 1;
    if (this.#shortReads === SHORT_READS) this.#resize(this.#size - 1);
  }

  #resize(size: number): void {
    this.#size = size;
    this.#spare = undefined;
    this.#shortReads = 0;
  }
}

function sizeOf(size: number): number {
  return SIZES[size] as number;
}

/** Keeps a large buffer, cleared, because the chunks of another connection will have this memory behind them. */
function keepLarge(buffer: Bytes, count: number): void {
  if (largeSpares.length === MAX_LARGE_SPARES) return;
  largeSpares.push(buffer.fill(0, 0, count));
}
