import type { Bytes } from "../transport.ts";

const EMPTY: Bytes = new Uint8Array(0);
const LARGEST_BLOCK = 65_536;
const MOST_SPARES = 32;
const LARGEST_PAD = 2_097_152;

/*
 * Fresh memory costs ten times what is copied into it: the kernel clears it, page by page. So large blocks are used again, by
 * whoever needs one next, and so is the pad where what is only looked at is joined: 4 MB at most, once there were long frames.
 */
const spares: Bytes[] = [];
let pad = EMPTY;

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
    return this.#moveTo(new Uint8Array(this.#length + last.length), last);
  }

  /** As `take`, but only to be looked at, at once: the next queue writes over it. */
  show(last: Bytes): Bytes {
    const length = this.#length + last.length;
    return length > LARGEST_PAD ? this.take(last) : this.#moveTo(padOf(length), last);
  }

  #moveTo(whole: Bytes, last: Bytes): Bytes {
    let at = 0;
    for (const block of this.#blocks) {
      whole.set(at + block.length > this.#length ? viewOf(block, 0, this.#length - at) : block, at);
      at += block.length;
      if (block.length === LARGEST_BLOCK && spares.length < MOST_SPARES) spares.push(block);
    }
    whole.set(last, this.#length);
    return whole;
  }

  #addBlock(wanted: number): void {
    this.#room = Math.min(Math.max(wanted, this.#length), LARGEST_BLOCK);
    const spare = this.#room === LARGEST_BLOCK ? spares.pop() : undefined;
    this.#blocks.push(spare ?? new Uint8Array(this.#room));
  }
}

function padOf(length: number): Bytes {
  if (length > pad.length) pad = new Uint8Array(Math.min(2 * length, LARGEST_PAD));
  return viewOf(pad, 0, length);
}

/** `bytes.subarray(start, end)`, which costs V8 more than a view that is made; `bytes` themselves if that is all of them. */
export function viewOf(bytes: Bytes, start: number, end: number): Bytes {
  if (start === 0 && end === bytes.length) return bytes;
  return new Uint8Array(bytes.buffer, bytes.byteOffset + start, end - start);
}

/** All parts in one piece; without a copy if there is only one. */
export function concat(parts: readonly Bytes[]): Bytes {
  const [first = EMPTY, ...more] = parts.filter(({ length }) => length > 0);
  if (more.length === 0) return first;
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
