import type { Bytes } from "../transport/transport.ts";
import { ByteQueue } from "./byte_queue.ts";
import { concat, EMPTY, viewOf } from "./views.ts";

/**
 * The input of a decoder, with the current position and the beginning of the current frame. A frame within one chunk is
 * a view of the chunk; only the incomplete part of a frame is copied. A decoder that needs more bytes calls `keep` or
 * `drop`, which releases the chunk.
 */
export class FrameInput {
  /** The last chunk and the position in it. A decoder that searches the chunk moves `at` itself. */
  chunk: Bytes = EMPTY;
  at = 0;
  ended = false;
  /** The position in the chunk where the frame begins or continues, and the bytes of the frame from earlier chunks. */
  #start = 0;
  #begun: ByteQueue | undefined;

  /** The number of bytes of the frame up to the position. */
  get length(): number {
    return (this.#begun?.length ?? 0) + this.at - this.#start;
  }

  /** Sets the next chunk. Call this when the previous chunk was examined and kept. */
  push(chunk: Bytes): void {
    this.chunk = chunk;
    this.at = this.#start = 0;
  }

  /** Returns the next byte and moves behind it, or returns -1 at the end of the chunk. */
  byte(): number {
    return this.at < this.chunk.length ? (this.chunk[this.at++] as number) : -1;
  }

  /** The byte before the position. */
  get last(): number | undefined {
    return this.chunk[this.at - 1];
  }

  /**
   * Advances the position so that `length` bytes of the frame precede it. If there are fewer, keeps all of them and
   * returns false.
   */
  reach(length: number): boolean {
    const missing = length - this.length;
    if (missing <= this.chunk.length - this.at) {
      this.at += missing;
      return true;
    }
    this.at = this.chunk.length;
    this.keep();
    return false;
  }

  /** Keeps the incomplete frame at the end of the chunk, and releases the chunk. */
  keep(): void {
    if (this.#start < this.chunk.length) {
      this.#begun ??= new ByteQueue();
      this.#begun.push(viewOf(this.chunk, this.#start, this.chunk.length), this.#start === 0);
    }
    this.push(EMPTY);
  }

  /** Returns the bytes of the frame up to the position, without its header and trailer. The next frame begins there. */
  take(headerBytes = 0, trailerBytes = 0): Bytes {
    const start = this.#start;
    this.#start = this.at;
    if (this.#begun === undefined) return viewOf(this.chunk, start + headerBytes, this.at - trailerBytes);
    const whole = this.#begun.take(viewOf(this.chunk, start, this.at));
    this.#begun = undefined;
    return viewOf(whole, headerBytes, whole.length - trailerBytes);
  }

  /** Returns the first `count` bytes behind the header of a frame, and drops its other bytes up to the position. */
  cut(count: number, headerBytes = 0): Bytes {
    const { at } = this;
    const length = headerBytes + count;
    this.at = Math.min(at, this.#start + Math.max(0, length - (this.#begun?.length ?? 0)));
    const bytes = this.take(headerBytes);
    this.at = at;
    this.drop();
    return viewOf(bytes, 0, Math.min(count, bytes.length));
  }

  /** Drops the bytes that `take` would return, and a chunk that is used up. */
  drop(): void {
    this.#begun = undefined;
    if (this.at === this.chunk.length) this.push(EMPTY);
    else this.#start = this.at;
  }

  /** Skips and drops up to `count` bytes. Returns the number of skipped bytes. */
  skip(count: number): number {
    const skipped = Math.min(count, this.chunk.length - this.at);
    this.at += skipped;
    this.drop();
    return skipped;
  }

  /** Returns the bytes that are not part of a frame that was taken. */
  unread(): Bytes {
    return concat([this.#begun?.take() ?? EMPTY, this.chunk.subarray(this.#start)]);
  }
}
