import type { Bytes } from "../transport/transport.ts";
import { EMPTY, viewOf } from "./views.ts";

const LARGEST_BLOCK = 65_536;

/**
 * Bytes of a frame that is not whole yet. They are kept in blocks, not in one buffer that grows: that would leave its smaller
 * selves behind, as garbage of the frame's size. So each byte is copied twice, and what is held is at most a block more than
 * there is, and with the frame that is made of it at most twice the frame.
 */
export class ByteQueue {
  /** The last one is being filled. */
  readonly #blocks: Bytes[] = [];
  /** How much of the last block is free. */
  #room = 0;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** Copies `bytes` to the end: what they are a view of may be much larger, and should not be kept. */
  push(bytes: Bytes): void {
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

  /** Everything and `last` behind it, in one piece, which is the caller's. The queue is not to be used any more. */
  take(last: Bytes = EMPTY): Bytes {
    const whole = new Uint8Array(this.#length + last.length);
    let at = 0;
    for (const block of this.#blocks) {
      whole.set(at + block.length > this.#length ? viewOf(block, 0, this.#length - at) : block, at);
      at += block.length;
    }
    whole.set(last, this.#length);
    return whole;
  }

  #addBlock(wanted: number): void {
    this.#room = Math.min(Math.max(wanted, this.#length), LARGEST_BLOCK);
    this.#blocks.push(new Uint8Array(this.#room));
  }
}
