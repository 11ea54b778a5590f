import type { Encoder, Output } from "./codec.ts";
import { encodeText } from "./slab.ts";

/** The most that leaves in one write: small enough that a slow reader still shows progress between two. */
const WRITE_BYTES = 65_536;
/** Text is turned into bytes in pieces of about this many characters. */
const TEXT_LENGTH = 16_384;

/**
 * Bytes and text that wait to be sent, in order.
 *
 * Text is joined as text and encoded once per write; bytes are kept as they came, and joined when several of them fit
 * one write.
 */
export class OutputBuffer implements Output {
  #text = "";
  #parts: Uint8Array[] = [];
  #partBytes = 0;

  /** Bytes that wait; text that is not encoded yet counts a byte a character. */
  get length(): number {
    return this.#partBytes + this.#text.length;
  }

  text(text: string): void {
    this.#text += text;
    if (this.#text.length >= TEXT_LENGTH) this.#encode();
  }

  bytes(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    if (this.#text !== "") this.#encode();
    this.#parts.push(bytes);
    this.#partBytes += bytes.length;
  }

  /** Encodes one frame to the end; if the encoder throws, what it has put of it is taken back. */
  frame<Frame>(encoder: Encoder<Frame>, frame: Frame): void {
    const text = this.#text;
    const partCount = this.#parts.length;
    const partBytes = this.#partBytes;
    try {
      encoder.encode(frame, this);
    } catch (error) {
      this.#text = text;
      this.#parts.length = partCount;
      this.#partBytes = partBytes;
      throw error;
    }
  }

  /** The next write, which is the caller's. Call it only while `length` is not 0. */
  take(): Uint8Array {
    if (this.#parts.length === 0 && this.#text.length <= TEXT_LENGTH) return this.#takeText();
    this.#encode();
    const first = this.#parts[0] as Uint8Array;
    if (this.#parts.length === 1 || first.length >= WRITE_BYTES) return this.#takeFirst(first);
    return this.#takeJoined();
  }

  #encode(): void {
    if (this.#text === "") return;
    const bytes = this.#takeText();
    this.#parts.push(bytes);
    this.#partBytes += bytes.length;
  }

  #takeText(): Uint8Array {
    const bytes = encodeText(this.#text);
    this.#text = "";
    return bytes;
  }

  #takeFirst(first: Uint8Array): Uint8Array {
    const taken = first.length > WRITE_BYTES ? first.subarray(0, WRITE_BYTES) : first;
    if (taken === first) this.#parts.shift();
    else this.#parts[0] = first.subarray(WRITE_BYTES);
    this.#partBytes -= taken.length;
    return taken;
  }

  #takeJoined(): Uint8Array {
    const joined = new Uint8Array(Math.min(this.#partBytes, WRITE_BYTES));
    let length = 0;
    let count = 0;
    for (const part of this.#parts) {
      if (length + part.length > joined.length) break;
      joined.set(part, length);
      length += part.length;
      count += 1;
    }
    this.#parts.splice(0, count);
    this.#partBytes -= length;
    return joined.subarray(0, length);
  }
}
