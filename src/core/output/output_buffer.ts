import type { Encoder } from "../codecs/codec.ts";
import { LineOutput } from "../codecs/line_encoders.ts";
import { encodeText } from "../codecs/slab.ts";
import { EMPTY } from "../codecs/views.ts";
import { searchWords } from "../codecs/word_search.ts";
import type { Bytes } from "../transport/transport.ts";

/** The largest write: small enough that a slow reader shows progress between two. */
export const WRITE_BYTES = 65_536;
/** Text is encoded in pieces of about this many characters. */
const TEXT_LENGTH = 16_384;
/** Longer text is encoded on its own, in pieces of this many characters. */
const LONG_TEXT = WRITE_BYTES;
/** Shorter parts are copied: a view costs memory of its own, and keeps what it is a view of. */
const LARGE_PART = 4_096;
/** Longer text is not written as text: Node encodes into 16 KiB of its stack, at three bytes for a UTF-16 unit. */
const MOST_TEXT = 5_400;
/** UTF-8 needs at most three bytes for a UTF-16 unit. */
const BYTES_PER_UNIT = 3;
const SMALLEST_BLOCK = 256;
const LARGEST_BLOCK = 16_384;

/** Shorter text costs less in the slab that all connections share. */
const SHORT_TEXT = 1_024;

const utf8 = new TextEncoder();
const NO_WORDS = new Int32Array(0);

/**
 * Bytes and text that wait to be sent, in order.
 *
 * Text is joined as text and encoded once per write. Short parts of bytes are copied into blocks, and long ones are
 * kept. Parts that fit one write are joined. So waiting output takes little more memory than its bytes, in whatever
 * parts it came.
 */
export class OutputBuffer extends LineOutput {
  #text = "";
  #parts: Uint8Array[] = [];
  #partBytes = 0;
  /** The block for short parts. Its part from `#start` to `#end` waits behind all other parts and before the text. */
  #block: Uint8Array<ArrayBuffer> = EMPTY;
  /** The words of the block, for searches. */
  #words: Int32Array<ArrayBuffer> = NO_WORDS;
  #start = 0;
  #end = 0;

  /** The number of bytes that wait. Text that is not encoded counts one byte a character. */
  get length(): number {
    return this.#partBytes + this.#end - this.#start + this.#text.length;
  }

  text(text: string): void {
    if (text.length > LONG_TEXT) return this.#longText(text);
    this.#text += text;
    if (this.#text.length >= TEXT_LENGTH) this.encodeText();
  }

  bytes(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.encodeText();
    this.#put(bytes);
  }

  line(payload: Uint8Array, terminator: Bytes): boolean {
    this.encodeText();
    this.#makeRoom(payload.length + terminator.length);
    const block = this.#block;
    let end = this.#end;
    block.set(payload, end);
    const start = end;
    end += payload.length;
    for (let index = 0; index < terminator.length; index++) {
      if (searchWords(block, this.#words, terminator[index] as number, start, end) >= 0) return false;
    }
    for (let index = 0; index < terminator.length; index++) block[end++] = terminator[index] as number;
    this.#end = end;
    return true;
  }

  /** Encodes one frame. If the encoder throws, its output is removed. */
  frame<Frame>(encoder: Encoder<Frame>, frame: Frame): void {
    const text = this.#text;
    const partCount = this.#parts.length;
    const partBytes = this.#partBytes;
    const block = this.#block;
    const words = this.#words;
    const start = this.#start;
    const end = this.#end;
    try {
      encoder.encode(frame, this);
    } catch (error) {
      this.#text = text;
      this.#parts.length = partCount;
      this.#partBytes = partBytes;
      this.#block = block;
      this.#words = words;
      this.#start = start;
      this.#end = end;
      throw error;
    }
  }

  /** Appends bytes that others also send. While nothing else waits, they are kept as they are, however short. */
  shared(bytes: Uint8Array): void {
    if (this.length === 0 && bytes.length > 0) this.#add(bytes);
    else this.bytes(bytes);
  }

  /** Encodes the text, which makes `length` exact. */
  encodeText(): void {
    if (this.#text !== "" && !this.#encodeIntoBlock(this.#text)) this.#put(this.#takeText());
  }

  /**
   * Returns the next write, or the next `most` bytes, which belong to the caller. Call this only while `length` is not
   * 0.
   */
  take(most: number = WRITE_BYTES): Uint8Array {
    const { length } = this.#text;
    if (length < SHORT_TEXT && this.length === length && length * BYTES_PER_UNIT <= most) return this.#takeText();
    this.encodeText();
    if (this.#parts.length === 0 && this.#end - this.#start <= most) return this.#takeBlock();
    if (this.#partBytes < most) this.#closeBlock();
    const first = this.#parts[0] as Uint8Array;
    if (this.#parts.length === 1 || first.length >= most) return this.#takeFirst(first, most);
    return this.#takeJoined(most);
  }

  /** Returns everything that waits if it is text, and so short that a runtime encodes it on its stack. */
  takeText(): string | undefined {
    const text = this.#text;
    if (text === "" || text.length > MOST_TEXT || this.length > text.length) return undefined;
    this.#text = "";
    return text;
  }

  /** Returns everything that waits in one piece, which belongs to the caller. */
  takeAll(): Uint8Array {
    if (this.length === this.#text.length) return this.#takeText();
    this.encodeText();
    return this.take(this.length);
  }

  /** Frees the block from its beginning. Call this when nothing waits and everything taken is sent. */
  rewind(): void {
    this.#start = this.#end = 0;
  }

  /**
   * Encodes text into the block. Returns false, and does nothing, for short or long text, or if a character is not a
   * byte.
   */
  #encodeIntoBlock(text: string): boolean {
    const { length } = text;
    if (length < SHORT_TEXT || length > LARGEST_BLOCK) return false;
    this.#makeRoom(length);
    const room = new Uint8Array(this.#block.buffer, this.#end, length);
    if (utf8.encodeInto(text, room).read < length) return false;
    this.#end += length;
    this.#text = "";
    return true;
  }

  #takeText(): Bytes {
    const bytes = encodeText(this.#text);
    this.#text = "";
    return bytes;
  }

  /** Encodes long text in pieces of a write each: memory for all of it at once costs more than the encoding. */
  #longText(text: string): void {
    this.encodeText();
    for (let at = 0; at < text.length; ) {
      const end = characterEnd(text, at + LONG_TEXT);
      this.#put(encodeText(text.slice(at, end)));
      at = end;
    }
  }

  #put(bytes: Uint8Array): void {
    if (bytes.length < LARGE_PART) this.#copy(bytes);
    else {
      this.#closeBlock();
      this.#add(bytes);
    }
  }

  #copy(bytes: Uint8Array): void {
    this.#makeRoom(bytes.length);
    this.#block.set(bytes, this.#end);
    this.#end += bytes.length;
  }

  /** Makes room in the block. The more waits already, the larger is a new block. */
  #makeRoom(least: number): void {
    if (least <= this.#block.length - this.#end) return;
    this.#closeBlock();
    const wanted = Math.min(2 * this.length, LARGEST_BLOCK);
    this.#words = new Int32Array(Math.ceil(Math.max(least, wanted, SMALLEST_BLOCK) / 4));
    this.#block = new Uint8Array(this.#words.buffer);
    this.#start = this.#end = 0;
  }

  /** Makes the waiting bytes of the block a part. */
  #closeBlock(): void {
    if (this.#end > this.#start) this.#add(this.#takeBlock());
  }

  /** Returns the waiting bytes of the block. Its free part stays free. */
  #takeBlock(): Uint8Array {
    const taken = this.#block.subarray(this.#start, this.#end);
    this.#start = this.#end;
    return taken;
  }

  #add(part: Uint8Array): void {
    this.#parts.push(part);
    this.#partBytes += part.length;
  }

  #takeFirst(first: Uint8Array, most: number): Uint8Array {
    const taken = first.length > most ? first.subarray(0, most) : first;
    if (taken === first) this.#parts.shift();
    else this.#parts[0] = first.subarray(most);
    this.#partBytes -= taken.length;
    return taken;
  }

  #takeJoined(most: number): Uint8Array {
    const joined = new Uint8Array(Math.min(this.#partBytes, most));
    let length = 0;
    let count = 0;
    while (length < joined.length) {
      const part = this.#parts[count] as Uint8Array;
      const room = joined.length - length;
      if (part.length > room) {
        joined.set(part.subarray(0, room), length);
        this.#parts[count] = part.subarray(room);
        break;
      }
      joined.set(part, length);
      length += part.length;
      count += 1;
    }
    this.#parts.splice(0, count);
    this.#partBytes -= joined.length;
    return joined;
  }
}

/** Returns `at`, or one less if that would cut a character in two. */
function characterEnd(text: string, at: number): number {
  const before = text.charCodeAt(at - 1);
  return at < text.length && before >= 0xd800 && before < 0xdc00 ? at - 1 : at;
}

/** Returns the bytes of one frame, which may be shared and must not change. @throws what the encoder throws */
export function encodeFrame<Frame>(encoder: Encoder<Frame>, frame: Frame): Uint8Array {
  const buffer = new OutputBuffer();
  buffer.frame(encoder, frame);
  return buffer.takeAll();
}
