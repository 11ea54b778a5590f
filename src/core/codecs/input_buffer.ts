import { SpillwayError } from "../errors/errors.ts";
import type { Bytes } from "../transport/transport.ts";
import { EMPTY } from "./views.ts";

const LF = 0x0a;
const CR = 0x0d;
const SMALLEST = 64;

/**
 * Bytes that came and are not taken, in one piece: what a decoder of your own reads from. Each `take…` gives what is whole,
 * or `undefined` and takes nothing: then return `undefined` from `next()`, and ask again when more was pushed.
 *
 * - **Owns**: nothing of others. A chunk is copied in, what is taken is copied out and is the caller's. So a decoder that
 *   reads from here may promise `leavesChunks`.
 * - **Linear**: the buffer doubles, and the search for a line goes on where it ended, however the input is cut.
 * - **Bounded** by its user: it holds what is not taken, and a chunk more. Check a length before you wait for so many
 *   bytes. When all is taken, nothing is held.
 *
 * @example
 * ```ts
 * import { InputBuffer } from "spillway/codecs";
 *
 * const input = new InputBuffer();
 * input.push(new TextEncoder().encode("PUT 5\r\nhel"));
 * console.log(new TextDecoder().decode(input.takeLine(64))); // PUT 5
 * console.log(input.take(5), input.length); // undefined 3
 * input.push(new TextEncoder().encode("lo"));
 * console.log(new TextDecoder().decode(input.take(5)), input.length); // hello 0
 * ```
 */
export class InputBuffer {
  #buffer: Bytes = EMPTY;
  /** What of the buffer is filled. */
  #bytes: Bytes = EMPTY;
  /** Up to here they are taken. */
  #at = 0;
  /** Up to here there is no LF that is not taken. */
  #searched = 0;

  /** Bytes that are here. */
  get length(): number {
    return this.#bytes.length - this.#at;
  }

  /** Copies a chunk to the end. */
  push(chunk: Uint8Array): void {
    const filled = this.#bytes.length;
    if (filled + chunk.length > this.#buffer.length) return this.#pushMoved(chunk);
    this.#buffer.set(chunk, filled);
    this.#bytes = this.#buffer.subarray(0, filled + chunk.length);
  }

  /** The byte that is so many bytes behind the first, and stays; `undefined` when it is not here. */
  at(index: number): number | undefined {
    return index < 0 ? undefined : this.#bytes[this.#at + index];
  }

  /**
   * Takes `count` bytes, if so many are here.
   *
   * @throws {RangeError} not a whole number of at least 0
   */
  take(count: number): Bytes | undefined {
    if (checkBytes("count", count) > this.length) return undefined;
    const taken = this.#bytes.slice(this.#at, this.#at + count);
    this.#moveBy(count);
    return taken;
  }

  /**
   * Takes a line, if its end is here: LF or CRLF, which is taken and not given. One that is too long is told as soon as
   * that is certain, and stays.
   *
   * @param maxBytes the most without the line's end; `Infinity` for no limit
   * @throws {SpillwayError} `frame-too-large` for a longer one
   * @throws {RangeError} not a whole number of at least 0, or `Infinity`
   */
  takeLine(maxBytes: number): Bytes | undefined {
    checkBytes("maxBytes", maxBytes);
    const lf = this.#findLf();
    const end = lf < 0 ? this.#bytes.length : lf;
    // The last byte, while there is no LF, may be the CR of a CRLF.
    const length = (end > this.#at && this.#bytes[end - 1] === CR ? end - 1 : end) - this.#at;
    if (length > maxBytes) throw new SpillwayError("frame-too-large", `a line of more than ${maxBytes} bytes`);
    if (lf < 0) return undefined;
    const line = this.#bytes.slice(this.#at, this.#at + length);
    this.#moveBy(lf + 1 - this.#at);
    return line;
  }

  /**
   * Drops as many of `count` bytes as are here (`Infinity`: all); how many that was.
   *
   * @throws {RangeError} not a whole number of at least 0, or `Infinity`
   */
  drop(count: number): number {
    const dropped = Math.min(checkBytes("count", count), this.length);
    this.#moveBy(dropped);
    return dropped;
  }

  /** Takes all that is here: a decoder's `unread()`, if the decoder takes nothing of a frame before it is whole. */
  unread(): Bytes {
    const rest = this.#bytes.slice(this.#at);
    this.#moveBy(rest.length);
    return rest;
  }

  #findLf(): number {
    const lf = this.#bytes.indexOf(LF, this.#searched);
    this.#searched = lf < 0 ? this.#bytes.length : lf;
    return lf;
  }

  #moveBy(count: number): void {
    this.#at += count;
    this.#searched = Math.max(this.#searched, this.#at);
    if (this.length > 0) return;
    this.#buffer = this.#bytes = EMPTY;
    this.#at = this.#searched = 0;
  }

  /** Into a new buffer, without what is taken. */
  #pushMoved(chunk: Uint8Array): void {
    const rest = this.#bytes.subarray(this.#at);
    const length = rest.length + chunk.length;
    this.#buffer = new Uint8Array(Math.max(length, 2 * rest.length, SMALLEST));
    this.#buffer.set(rest);
    this.#buffer.set(chunk, rest.length);
    this.#bytes = this.#buffer.subarray(0, length);
    this.#searched -= this.#at;
    this.#at = 0;
  }
}

function checkBytes(name: string, value: number): number {
  if (value >= 0 && (Number.isSafeInteger(value) || value === Infinity)) return value;
  throw new RangeError(`${name} must be a whole number of at least 0, not ${value}`);
}
