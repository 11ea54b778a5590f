import type { Bytes } from "./transport.ts";

/** What waits on an idle connection, on one with longer messages, and behind a full buffer. */
const SIZES = [128, 1_024, 65_536] as const;
const LARGEST = 2;
/** Large ones that came back, for whichever connection needs one next: it has it for one read, and to make one is to clear 64 KB. */
const largeSpares: Bytes[] = [];
const MAX_LARGE_SPARES = 16;
/** So many reads in a row that a smaller buffer had held, before a smaller one is taken. */
const SHORT_READS = 4;

/**
 * The buffer of a connection's next read, for a runtime that reads into one. A read that is pending owns its buffer, so an
 * idle connection should hold a small one. A full buffer has more behind it: the next one is larger.
 */
export class ReadBuffer {
  #size: 0 | 1 | 2 = 0;
  #buffer: Bytes | undefined;
  /** The last one that was taken, and one that came back. */
  #lent: Bytes | undefined;
  #spare: Bytes | undefined;
  #shortReads = 0;

  /** Where to read to. */
  next(): Bytes {
    this.#buffer ??= this.#takeSpare() ?? new Uint8Array(SIZES[this.#size]);
    return this.#buffer;
  }

  /** The chunk that was read there: the caller's, with a buffer of its own, not written to again before `recycle`. */
  take(count: number): Bytes {
    const buffer = this.#buffer as Bytes;
    this.#buffer = undefined;
    this.#lent = buffer;
    if (count === buffer.length) this.#resize(Math.min(this.#size + 1, LARGEST));
    else if (this.#size === LARGEST) this.#resize(1);
    else if (this.#size === 1 && count < SIZES[0]) this.#countShortRead();
    else this.#shortReads = 0;
    // What `subarray` would give, which costs V8 more.
    return new Uint8Array(buffer.buffer, 0, count);
  }

  /** Nothing refers to this chunk any more. */
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

/** Without what was read into it: the next connection's chunks have this memory behind them. */
function keepLarge(buffer: Bytes, count: number): void {
  if (largeSpares.length === MAX_LARGE_SPARES) return;
  largeSpares.push(buffer.fill(0, 0, count));
}
