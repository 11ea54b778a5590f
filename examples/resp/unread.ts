import type { Bytes } from "spillway";

const LF = 0x0a;
const EMPTY: Bytes = new Uint8Array(0);

/**
 * Bytes that have come and are not taken, in one piece. They are copied only where more of them must be waited for, into
 * a buffer that doubles; the search for a line goes on where it ended. So the work is linear in the bytes, however they
 * are cut.
 */
export class Unread {
  #bytes: Bytes = EMPTY;
  /** Up to here they are taken. */
  #at = 0;
  /** Up to here there is no LF. */
  #searched = 0;
  /** What `#bytes` is the beginning of, unless that is a chunk. */
  #buffer: Bytes = EMPTY;

  get length(): number {
    return this.#bytes.length - this.#at;
  }

  /** A byte, counted from the first that is not taken. */
  at(index: number): number | undefined {
    return this.#bytes[this.#at + index];
  }

  push(chunk: Bytes): void {
    if (this.length === 0) this.#bytes = chunk;
    else this.#append(chunk);
  }

  /** Whether a line is here: a whole one, or more than so many bytes of it. */
  hasLine(maxBytes: number): boolean {
    return this.#findLf() >= 0 || this.length > maxBytes;
  }

  /** Takes a line that is here, as a view without its LF; `undefined`, and nothing taken, when it is longer than that. */
  takeLine(maxBytes: number): Bytes | undefined {
    const lf = this.#findLf();
    if (lf < 0 || lf - this.#at > maxBytes) return undefined;
    const line = this.#bytes.subarray(this.#at, lf);
    this.#takeUpTo(lf + 1);
    return line;
  }

  /** Takes a copy of so many bytes, which are here. */
  take(count: number): Bytes {
    const end = this.#at + count;
    const taken = this.#bytes.slice(this.#at, end);
    this.#takeUpTo(end);
    return taken;
  }

  /** Takes what is here of so many bytes; how many that is. */
  drop(count: number): number {
    const dropped = Math.min(count, this.length);
    this.#takeUpTo(this.#at + dropped);
    return dropped;
  }

  /** Nothing refers to the last chunk behind this. */
  leaveChunk(): void {
    if (this.length > 0 && this.#buffer.length === 0) this.#grow(0);
  }

  #findLf(): number {
    const lf = this.#bytes.indexOf(LF, this.#searched);
    this.#searched = lf < 0 ? this.#bytes.length : lf;
    return lf;
  }

  #takeUpTo(end: number): void {
    if (end === this.#bytes.length) return this.#clear();
    this.#at = end;
    this.#searched = Math.max(this.#searched, end);
  }

  #append(chunk: Bytes): void {
    if (this.#bytes.length + chunk.length > this.#buffer.length) this.#grow(chunk.length);
    const end = this.#bytes.length;
    this.#buffer.set(chunk, end);
    this.#bytes = this.#buffer.subarray(0, end + chunk.length);
  }

  /** Moves what is not taken to a new buffer, with room for so many bytes more. */
  #grow(more: number): void {
    const rest = this.#bytes.subarray(this.#at);
    this.#buffer = new Uint8Array(Math.max(rest.length + more, 2 * rest.length));
    this.#buffer.set(rest);
    this.#bytes = this.#buffer.subarray(0, rest.length);
    this.#searched -= this.#at;
    this.#at = 0;
  }

  #clear(): void {
    this.#bytes = this.#buffer = EMPTY;
    this.#at = this.#searched = 0;
  }
}
