import type { Bytes } from "../transport.ts";

const EMPTY: Bytes = new Uint8Array(0);
const SMALLEST = 64;

/**
 * Bytes of a frame that is not whole yet, in one piece. Grows by doubling, so that any number of pushes costs time
 * linear in the bytes, and at most twice their room.
 */
export class ByteQueue {
  #buffer: Bytes = EMPTY;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /**
   * Copies `bytes` to the end: what they are a view of may be much larger, and should not be kept. `most` is how long the
   * whole will be at most, where that is known: no room is made beyond it.
   */
  push(bytes: Bytes, most: number = Infinity): void {
    const length = this.#length + bytes.length;
    if (length > this.#buffer.length) this.#grow(length, most);
    this.#buffer.set(bytes, this.#length);
    this.#length = length;
  }

  /** Puts one byte to the end. */
  add(byte: number): void {
    if (this.#length === this.#buffer.length) this.#grow(this.#length + 1, Infinity);
    this.#buffer[this.#length] = byte;
    this.#length += 1;
  }

  /** Everything, as a view that is the caller's; the queue is empty afterwards. */
  take(): Bytes {
    const taken = this.#buffer.subarray(0, this.#length);
    this.#buffer = EMPTY;
    this.#length = 0;
    return taken;
  }

  #grow(length: number, most: number): void {
    const grown = new Uint8Array(Math.max(length, Math.min(most, Math.max(2 * this.#buffer.length, SMALLEST))));
    grown.set(this.#buffer.subarray(0, this.#length));
    this.#buffer = grown;
  }
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
