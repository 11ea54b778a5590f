import type { Encoder, Output } from "../core/codecs/mod.ts";

const utf8 = new TextEncoder();

/** Encoded frames that are sent in one write. */
export class FrameBatch implements Output {
  /** The number of encoded bytes. */
  length = 0;
  #parts: Uint8Array[] = [];

  text(text: string): void {
    this.bytes(utf8.encode(text));
  }

  bytes(bytes: Uint8Array): void {
    this.#parts.push(bytes);
    this.length += bytes.length;
  }

  /** Encodes a frame. If the encoder throws, nothing of the frame is added. @throws what the encoder throws */
  add(encoder: Encoder<Uint8Array>, frame: Uint8Array): void {
    const { length } = this;
    const count = this.#parts.length;
    try {
      encoder.encode(frame, this);
    } catch (error) {
      this.#parts.length = count;
      this.length = length;
      throw error;
    }
  }

  /** Returns the bytes in one piece, and forgets them. */
  take(): Uint8Array {
    const all = new Uint8Array(this.length);
    let at = 0;
    for (const part of this.#parts) {
      all.set(part, at);
      at += part.length;
    }
    this.#parts = [];
    this.length = 0;
    return all;
  }
}
