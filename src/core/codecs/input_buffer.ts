import { SpillwayError } from "../errors/errors.ts";
import type { Bytes } from "../transport/transport.ts";
import { EMPTY } from "./views.ts";

const LF = 0x0a;
const CR = 0x0d;
const SMALLEST = 64;

/**
 * Received bytes that were not taken yet, in one buffer: a building block for your own decoders. Each `take…` returns a
 * complete item. If the item is incomplete, it returns `undefined` and takes nothing: then return `undefined` from
 * `next()`, and try again after the next `push`.
 *
 * - **Owns** nothing of others: chunks are copied in, and taken bytes are copied out and belong to the caller. So a
 *   decoder that reads from this buffer may promise `leavesChunks`.
 * - **Linear**: the buffer doubles, and the search for a line resumes where it ended, however the input is cut.
 * - **Bounded** by its user: it holds the bytes that were not taken, and a chunk more. Check a length before waiting
 *   for that many bytes. When all bytes are taken, it holds nothing.
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
  /** The filled part of the buffer. */
  #bytes: Bytes = EMPTY;
  /** The end of the taken bytes. */
  #at = 0;
  /** The position up to which the bytes that were not taken contain no LF. */
  #searched = 0;

  /** The number of available bytes. */
  get length(): number {
    return this.#bytes.length - this.#at;
  }

  /** Appends a copy of a chunk. */
  push(chunk: Uint8Array): void {
    const filled = this.#bytes.length;
    if (filled + chunk.length > this.#buffer.length) return this.#pushMoved(chunk);
    this.#buffer.set(chunk, filled);
    this.#bytes = this.#buffer.subarray(0, filled + chunk.length);
  }

  /** Returns the byte at `index` without taking it, or `undefined` if it is not available. */
  at(index: number): number | undefined {
    return index < 0 ? undefined : this.#bytes[this.#at + index];
  }

  /**
   * Takes `count` bytes, if they are available.
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
   * Takes a line, if its end is available. The end, LF or CRLF, is removed and not returned. A line that is too long is
   * reported as soon as that is certain, and stays in the buffer.
   *
   * @param maxBytes the maximum length without the line's end; `Infinity` for no limit
   * @throws {SpillwayError} `frame-too-large` for a longer one
   * @throws {RangeError} not a whole number of at least 0, or `Infinity`
   */
  takeLine(maxBytes: number): Bytes | undefined {
    checkBytes("maxBytes", maxBytes);
    const lf = this.#findLf();
    const end = lf < 0 ? this.#bytes.length : lf;
    // Without a LF, the last byte may be the CR of a CRLF.
    const length = (end > this.#at && this.#bytes[end - 1] === CR ? end - 1 : end) - this.#at;
    if (length > maxBytes) throw new SpillwayError("frame-too-large", `a line of more than ${maxBytes} bytes`);
    if (lf < 0) return undefined;
    const line = this.#bytes.slice(this.#at, this.#at + length);
    this.#moveBy(lf + 1 - this.#at);
    return line;
  }

  /**
   * Drops up to `count` bytes (`Infinity`: all). Returns the number of dropped bytes.
   *
   * @throws {RangeError} not a whole number of at least 0, or `Infinity`
   */
  drop(count: number): number {
    const dropped = Math.min(checkBytes("count", count), this.length);
    this.#moveBy(dropped);
    return dropped;
  }

  /** Takes all available bytes. Implements `unread()` of a decoder that takes nothing of an incomplete frame. */
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

  /** Moves the bytes that were not taken, and `chunk`, into a new buffer. */
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
