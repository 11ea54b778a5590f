import type { Bytes } from "../transport/transport.ts";
import { ByteQueue } from "./byte_queue.ts";
import { wholeCharacters } from "./utf8.ts";
import { concat, viewOf } from "./views.ts";

/** What is shorter waits for more as bytes: a string costs memory of its own. */
const PIECE_BYTES = 16_384;
const LF = "\n";
const CR = "\r";
/** What a decoder puts in the place of what is not UTF-8. */
const REPLACEMENT = "\ufffd";

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
const encoder = new TextEncoder();

/**
 * The beginning of a line of UTF-8 that is not whole yet. A long one is decoded as it comes, and joined as text: bytes would have
 * to be copied twice, and then decoded, all at once. Text is kept only for bytes that it says exactly; if some are not UTF-8, all
 * are kept as bytes.
 */
export class TextQueue {
  #text = "";
  #textBytes = 0;
  /** What is behind the text. */
  #bytes = new ByteQueue();
  #invalid = false;

  get length(): number {
    return this.#textBytes + this.#bytes.length;
  }

  /** Copies `bytes` to the end. */
  push(bytes: Bytes): void {
    if (this.#invalid || this.#bytes.length + bytes.length < PIECE_BYTES) return this.#bytes.push(bytes);
    const piece = this.#behindText(bytes);
    const text = exactText(wholeCharacters(piece));
    if (text === undefined) this.#giveUp(piece);
    else this.#append(piece, text);
  }

  /** As `push`, of a chunk of a long line, if no LF is in it: in text that is found in a twentieth of the time. Returns whether. */
  pushBare(chunk: Bytes): boolean {
    if (this.#text === "" || chunk.length < PIECE_BYTES) return false;
    const piece = this.#behindText(chunk);
    const text = exactText(wholeCharacters(piece));
    if (text === undefined || text.includes(LF)) return false;
    this.#append(piece, text);
    return true;
  }

  /** Everything and `last` behind it, as bytes; the caller's. The queue is not to be used any more. */
  take(last?: Bytes): Bytes {
    const bytes = this.#bytes.take(last);
    return this.#text === "" ? bytes : concat([encoder.encode(this.#text), bytes]);
  }

  /** The line that ends with `last`, without the CR before its LF; `undefined` if it is not long, or not UTF-8: `take` it. */
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

  /** `text` is what the whole characters of `piece` say, which begins behind the text that there is. */
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

/** Text that is encoded as these bytes, if they are UTF-8. (A decoder that is `fatal` costs Deno ten times as much.) */
function exactText(bytes: Bytes): string | undefined {
  const text = decoder.decode(bytes);
  return text.includes(REPLACEMENT) ? undefined : text;
}
