import type { Bytes } from "../transport/transport.ts";
import { EMPTY, viewOf } from "./views.ts";

const LARGEST_BLOCK = 65_536;
/** What is shorter is copied, even if it need not be: it costs little, and a block may be much shorter than its buffer. */
const LONG_CHUNK = 16_384;

/**
 * Bytes of a frame that is not whole yet. They are kept in blocks, not in one buffer that grows: that would leave its smaller
 * selves behind, as garbage of the frame's size. So each byte is copied twice, or once if its whole chunk belongs to the frame,
 * and what is held is at most a block more than there is, and with the frame that is made of it at most twice the frame.
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

  /**
   * Puts `bytes` to the end: a copy, as what they are a view of may be much larger, and should not be kept. A chunk that is `ours`
   * whole, and of which nobody else has a part, is kept itself if it is long.
   */
  push(bytes: Bytes, ours: boolean = false): void {
    if (ours && bytes.length >= LONG_CHUNK && 2 * bytes.length >= bytes.buffer.byteLength) this.#keep(bytes);
    else this.#copy(bytes);
  }

  /** Everything and `last` behind it, in one piece, which is the caller's. The queue is not to be used any more. */
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

  /** The last block ends where it is filled. */
  #closeBlock(): void {
    if (this.#room === 0) return;
    const block = this.#blocks.pop() as Bytes;
    this.#blocks.push(viewOf(block, 0, block.length - this.#room));
    this.#room = 0;
  }
}
