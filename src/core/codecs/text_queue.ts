import type { Bytes } from "../transport/transport.ts";
import { ByteQueue } from "./byte_queue.ts";
import { wholeCharacters } from "./utf8.ts";
import { concat, viewOf } from "./views.ts";

/** Shorter pieces wait as bytes: a string costs memory of its own. */
const PIECE_BYTES = 16_384;
const LF = "\n";
const CR = "\r";
/** The replacement character of decoders for invalid UTF-8. */
const REPLACEMENT = "\ufffd";

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
const encoder = new TextEncoder();

/**
 * The beginning of an incomplete line of UTF-8. A long line is decoded as it arrives, and joined as text: bytes would
 * have to be copied twice, and then decoded all at once. Bytes are kept as text only if the text encodes to the same
 * bytes; if some are not UTF-8, the whole line is kept as bytes.
 */
export class TextQueue {
  #text = "";
  #textBytes = 0;
  /** The bytes that follow the text. */
  #bytes = new ByteQueue();
  #invalid = false;

  get length(): number {
    return this.#textBytes + this.#bytes.length;
  }

  /** Appends a copy of `bytes`. */
  push(bytes: Bytes): void {
    if (this.#invalid || this.#bytes.length + bytes.length < PIECE_BYTES) return this.#bytes.push(bytes);
    const piece = this.#behindText(bytes);
    const text = exactText(wholeCharacters(piece));
    if (text === undefined) this.#giveUp(piece);
    else this.#append(piece, text);
  }

  /**
   * Appends a chunk of a long line if it contains no LF, and returns whether it did. In text, a search for the LF takes
   * a twentieth of the time.
   */
  pushBare(chunk: Bytes): boolean {
    if (this.#text === "" || chunk.length < PIECE_BYTES) return false;
    const piece = this.#behindText(chunk);
    const text = exactText(wholeCharacters(piece));
    if (text === undefined || text.includes(LF)) return false;
    this.#append(piece, text);
    return true;
  }

  /**
   * Returns all bytes followed by `last`, in an array that belongs to the caller. The queue must not be used
   * afterwards.
   */
  take(last?: Bytes): Bytes {
    const bytes = this.#bytes.take(last);
    return this.#text === "" ? bytes : concat([encoder.encode(this.#text), bytes]);
  }

  /**
   * Returns the line that ends with `last`, without the CR before its LF. Returns `undefined` if the line is not long,
   * or not UTF-8: then call `take`.
   */
  line(last: Bytes): string | undefined {
    if (this.#text === "") return undefined;
    const end = exactText(this.#behindText(last));
    if (end === undefined) return undefined;
    const text = this.#text + end;
    return text.endsWith(CR) ? text.slice(0, -1) : text;
  }

  #behindText(last: Bytes): Bytes {
    return this.#bytes.length === 0 ? last : this.#bytes.take(last);
  }

  /**
   * Appends `text`, which is the decoded form of the whole characters of `piece`. `piece` begins behind the present
   * text.
   */
  #append(piece: Bytes, text: string): void {
    const { length } = wholeCharacters(piece);
    this.#text += text;
    this.#textBytes += length;
    this.#bytes = new ByteQueue();
    this.#bytes.push(viewOf(piece, length, piece.length));
  }

  #giveUp(bytes: Bytes): void {
    this.#invalid = true;
    this.#bytes = new ByteQueue();
    if (this.#text !== "") this.#bytes.push(encoder.encode(this.#text));
    this.#bytes.push(bytes);
    this.#text = "";
    this.#textBytes = 0;
  }
}

/**
 * Returns the text that encodes to these bytes, or `undefined` if they are not UTF-8. A `fatal` decoder costs Deno ten
 * times as much.
 */
function exactText(bytes: Bytes): string | undefined {
  const text = decoder.decode(bytes);
  return text.includes(REPLACEMENT) ? undefined : text;
}
