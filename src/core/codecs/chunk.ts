import type { Bytes } from "../transport/transport.ts";
import { EMPTY } from "./views.ts";
import { NEAR_BYTES, searchWords } from "./word_search.ts";

const NO_WORDS = new Int32Array(0);

/** A chunk with cheap views and a cheap search, for decoders that make many short views and search for their ends. */
export class Chunk {
  bytes: Bytes = EMPTY;
  /** The underlying buffer, stored because its getter costs V8 25 ns, more than a view. */
  #buffer: ArrayBuffer | undefined;
  /** The bytes as words; empty for short and unaligned chunks. */
  #words: Int32Array | undefined;

  set(bytes: Bytes): void {
    this.bytes = bytes;
    this.#buffer = this.#words = undefined;
  }

  /** Returns the same as `bytes.subarray`, or `bytes` itself if the view covers all of it. */
  view(start: number, end: number): Bytes {
    const { bytes } = this;
    if (start === 0 && end === bytes.length) return bytes;
    this.#buffer ??= bytes.buffer;
    return new Uint8Array(this.#buffer, bytes.byteOffset + start, end - start);
  }

  /** Returns the same as `bytes.indexOf`. */
  indexOf(byte: number, from: number): number {
    const { bytes } = this;
    this.#words ??= wordsOf(bytes);
    const near = Math.min(from + NEAR_BYTES, 4 * this.#words.length);
    if (near <= from) return bytes.indexOf(byte, from);
    const at = searchWords(bytes, this.#words, byte, from, near);
    return at < 0 ? bytes.indexOf(byte, near) : at;
  }
}

function wordsOf(bytes: Bytes): Int32Array {
  if (bytes.length < NEAR_BYTES || bytes.byteOffset % 4 !== 0) return NO_WORDS;
  return new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length >> 2);
}
