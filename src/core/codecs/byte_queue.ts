import type { Bytes } from "../transport/transport.ts";
import { EMPTY, viewOf } from "./views.ts";

const LARGEST_BLOCK = 65_536;
/** Shorter chunks are always copied: it costs little, and a chunk may be much shorter than its buffer. */
const LONG_CHUNK = 16_384;

/**
 * The bytes of an incomplete frame, in blocks. One growing buffer would leave its smaller predecessors behind as
 * garbage of the frame's size. Each byte is copied twice, or once if its whole chunk belongs to the frame. The queue
 * holds at most one block more than its bytes; together with the frame that `take` returns, at most twice the frame.
 */
export class ByteQueue {
  /** The blocks. The last one is being filled. */
  readonly #blocks: Bytes[] = [];
  /** The number of free bytes in the last block. */
  #room = 0;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /**
   * Appends a copy of `bytes`, because they may be a view of a much larger buffer. With `ours`, they are a whole chunk
   * that has no other user: a long one is kept without a copy.
   */
  push(bytes: Bytes, ours: boolean = false): void {
    if (ours && bytes.length >= LONG_CHUNK && 2 * bytes.length >= bytes.buffer.byteLength) this.#keep(bytes);
    else this.#copy(bytes);
  }

  /** Returns all bytes followed by `last`, in one new array. The queue must not be used afterwards. */
  take(last: Bytes = EMPTY): Bytes {
    const whole = new Uint8Array(this.#length + last.length);
    this.#closeBlock();
    let at = 0;
    for (const block of this.#blocks) {
      whole.set(block, at);
      at += block.length;
    }
    whole.set(last, this.#length);
    return whole;
  }

  #keep(chunk: Bytes): void {
    this.#closeBlock();
    this.#blocks.push(chunk);
    this.#length += chunk.length;
  }

  #copy(bytes: Bytes): void {
    let at = 0;
    while (at < bytes.length) {
      if (this.#room === 0) this.#addBlock(bytes.length - at);
      const end = Math.min(at + this.#room, bytes.length);
      const block = this.#blocks.at(-1) as Bytes;
      block.set(viewOf(bytes, at, end), block.length - this.#room);
      this.#room -= end - at;
      this.#length += end - at;
      at = end;
    }
  }

  #addBlock(wanted: number): void {
    this.#room = Math.min(Math.max(wanted, this.#length), LARGEST_BLOCK);
    this.#blocks.push(new Uint8Array(this.#room));
  }

  /** Cuts the last block to its filled part. */
  #closeBlock(): void {
    if (this.#room === 0) return;
    const block = this.#blocks.pop() as Bytes;
    this.#blocks.push(viewOf(block, 0, block.length - this.#room));
    this.#room = 0;
  }
}
