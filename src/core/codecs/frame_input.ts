import type { Bytes } from "../transport/transport.ts";
import { ByteQueue } from "./byte_queue.ts";
import { concat, EMPTY, viewOf } from "./views.ts";

/**
 * The input of a decoder, one frame after the other: how far it was looked at, and where the frame that is being looked at
 * began. A frame within one chunk is a view of it; only what a chunk leaves unfinished is copied. A decoder that ran dry has
 * called `keep` or `drop`: the chunk is then let go of.
 */
export class FrameInput {
  /** The last chunk that was pushed, and how far it was looked at: a decoder that searches it moves `at` itself. */
  chunk: Bytes = EMPTY;
  at = 0;
  ended = false;
  /** Where in the chunk the frame begins, or goes on; what is before it in earlier chunks. */
  #start = 0;
  #begun: ByteQueue | undefined;

  /** Bytes of the frame that were looked at. */
  get length(): number {
    return (this.#begun?.length ?? 0) + this.at - this.#start;
  }

  /** Call it when everything was looked at and kept. */
  push(chunk: Bytes): void {
    this.chunk = chunk;
    this.at = this.#start = 0;
  }

  /** The next byte; -1 when there is none. */
  byte(): number {
    return this.at < this.chunk.length ? (this.chunk[this.at++] as number) : -1;
  }

  /** The byte before that. */
  get last(): number | undefined {
    return this.chunk[this.at - 1];
  }

  /** Whether there are so many bytes of the frame, which then were looked at; otherwise keeps what there is. */
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

  /** The chunk is used up and the frame is not whole: keeps its beginning. */
  keep(): void {
    if (this.#start < this.chunk.length) {
      this.#begun ??= new ByteQueue();
      this.#begun.push(viewOf(this.chunk, this.#start, this.chunk.length), this.#start === 0);
    }
    this.push(EMPTY);
  }

  /** The bytes of the frame that were looked at, without its first and last ones; the next frame begins behind them. */
  take(headerBytes = 0, trailerBytes = 0): Bytes {
    const start = this.#start;
    this.#start = this.at;
    if (this.#begun === undefined) return viewOf(this.chunk, start + headerBytes, this.at - trailerBytes);
    const whole = this.#begun.take(viewOf(this.chunk, start, this.at));
    this.#begun = undefined;
    return viewOf(whole, headerBytes, whole.length - trailerBytes);
  }

  /** The first `count` bytes behind the header, of a frame of which more was looked at. The surplus is forgotten. */
  cut(count: number, headerBytes = 0): Bytes {
    const { at } = this;
    const length = headerBytes + count;
    this.at = Math.min(at, this.#start + Math.max(0, length - (this.#begun?.length ?? 0)));
    const bytes = this.take(headerBytes);
    this.at = at;
    this.drop();
    return viewOf(bytes, 0, Math.min(count, bytes.length));
  }

  /** Forgets what `take` would give, and a chunk that is used up. */
  drop(): void {
    this.#begun = undefined;
    if (this.at === this.chunk.length) this.push(EMPTY);
    else this.#start = this.at;
  }

  /** Looks past up to `count` bytes and forgets them; how many there were. */
  skip(count: number): number {
    const skipped = Math.min(count, this.chunk.length - this.at);
    this.at += skipped;
    this.drop();
    return skipped;
  }

  /** All that is not part of a frame that was taken. */
  unread(): Bytes {
    return concat([this.#begun?.take() ?? EMPTY, this.chunk.subarray(this.#start)]);
  }
}
