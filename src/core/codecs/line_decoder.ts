import { SpillwayError } from "../errors/errors.ts";
import type { Bytes } from "../transport/transport.ts";
import { Chunk } from "./chunk.ts";
import type { Decoder } from "./codec.ts";
import type { BegunLine, LinePayload } from "./line_payloads.ts";
import { concat, EMPTY, viewOf } from "./views.ts";

const LF = 0x0a;
const CR = 0x0d;
const LF_TEXT = "\n";
/**
 * The number of bytes that are decoded at once: few at first, because the next line may belong to another codec, and
 * twice as many each time.
 */
const FIRST_PIECE = 64;
const LARGEST_PIECE = 65_536;

/** The rules that define a line, besides its end. */
export interface LineRules {
  readonly max: number;
  /** Whether the end of the input ends a line. */
  readonly deliver: boolean;
}

/**
 * Splits input into lines. Text is decoded in pieces of whole lines, and only on request: an upgrade takes the rest of
 * the original chunk, most of which was not examined. Input without a LF is kept aside.
 */
export class LineDecoder<Frame> implements Decoder<Frame> {
  truncated = false;
  readonly #max: number;
  readonly #deliver: boolean;
  readonly #truncates: boolean;
  readonly #payload: LinePayload<Frame>;
  /** The beginning of a line whose LF has not arrived. */
  #begun: BegunLine<Frame> | undefined;
  /** The last chunk (empty when it is used up), and the position of its first byte that was not returned. */
  readonly #chunk = new Chunk();
  #at = 0;
  /** Decoded lines, from `#at` to `#pieceEnd`. Lines before `#textAt` were returned. Empty when there are none. */
  #text = "";
  #textAt = 0;
  #pieceEnd = 0;
  #pieceBytes = FIRST_PIECE;
  /** The position in the chunk up to which lines cannot be decoded together. */
  #singlyTo = 0;
  /** The position up to which there is no LF behind the last piece. */
  #bareTo = 0;
  /** Whether the current line was reported as too long. Its bytes are dropped up to its LF. */
  #dropping = false;
  #ended = false;
  #tooLargeError: SpillwayError | undefined;

  constructor({ max, deliver }: LineRules, payload: LinePayload<Frame>, truncates: boolean) {
    this.#max = max;
    this.#deliver = deliver;
    this.#truncates = truncates;
    this.#payload = payload;
  }

  get leavesChunks(): boolean {
    return this.#payload.many !== undefined;
  }

  get midFrame(): boolean {
    return this.#dropping || this.#begun !== undefined;
  }

  push(chunk: Bytes): void {
    this.#chunk.set(chunk);
    this.#at = this.#bareTo = 0;
    this.#singlyTo = this.#payload.many === undefined ? chunk.length : 0;
  }

  next(): Frame | undefined {
    this.truncated = false;
    if (this.#text !== "") return this.#nextOfText(this.#text);
    if (this.#chunk.bytes.length > 0) {
      const frame = this.midFrame ? this.#goOn() : this.#nextOfChunk();
      if (frame !== undefined) return frame;
    }
    return this.#ended ? this.#last() : undefined;
  }

  end(): void {
    this.#ended = true;
  }

  unread(): Bytes {
    return concat([this.#takeBegun(), this.#chunk.bytes.subarray(this.#at + this.#givenBytes())]);
  }

  /** Continues the line that began in an earlier chunk. */
  #goOn(): Frame | undefined {
    const { bytes } = this.#chunk;
    if (this.#begunLength() + bytes.length <= this.#max && this.#begun?.pushBare?.(bytes)) {
      this.#leaveChunk();
      return undefined;
    }
    const lf = this.#chunk.indexOf(LF, 0);
    if (lf < 0) return this.#keepFrom(0);
    const end = this.#chunk.view(0, lf);
    this.#moveTo(lf + 1);
    if (!this.#dropping) return this.#endBegun(end);
    this.#dropping = false;
    return this.#nextOfChunk();
  }

  /** Returns the line that began in an earlier chunk and ends with `end` and a LF. */
  #endBegun(end: Bytes): Frame {
    if (this.#begunLength() + end.length <= this.#max) {
      const long = this.#begun?.line?.(end);
      if (long !== undefined) {
        this.#begun = undefined;
        return long;
      }
    }
    const line = this.#takeBegun(end);
    return this.#one(viewOf(line, 0, withoutCr(line, 0, line.length)));
  }

  #nextOfChunk(): Frame | undefined {
    const start = this.#at;
    const chunk = this.#chunk;
    const text = start < this.#singlyTo || this.#bareTo === chunk.bytes.length ? undefined : this.#decodePiece(start);
    if (text !== undefined) return this.#nextOfText(text);
    const lf = chunk.indexOf(LF, Math.max(start, this.#bareTo));
    if (lf < 0) return this.#keepFrom(start);
    const payload = chunk.view(start, withoutCr(chunk.bytes, start, lf));
    this.#moveTo(lf + 1);
    return this.#one(payload);
  }

  /** Returns the text of the next few lines, or `undefined` if they must be decoded one by one. */
  #decodePiece(start: number): string | undefined {
    if (this.#payload.many === undefined) return undefined;
    const { bytes } = this.#chunk;
    const limit = Math.min(start + this.#pieceBytes, bytes.length);
    const end = lineEnd(bytes, limit);
    this.#pieceBytes = Math.min(2 * this.#pieceBytes, LARGEST_PIECE);
    // The search may have found the LF before `start`.
    const text = end === start ? "" : this.#payload.many(this.#chunk.view(start, end), this.#max);
    if (text === undefined) {
      this.#singlyTo = end;
      return undefined;
    }
    this.#bareTo = limit;
    this.#text = text;
    this.#pieceEnd = end;
    return text === "" ? undefined : text;
  }

  #nextOfText(text: string): Frame {
    const start = this.#textAt;
    const lf = text.indexOf(LF_TEXT, start);
    const end = lf > start && text.charCodeAt(lf - 1) === CR ? lf - 1 : lf;
    // A line can be too long only if each character is a byte.
    const long = end - start > this.#max ? this.#chunk.view(this.#at + start, this.#at + end) : undefined;
    this.#textAt = lf + 1;
    if (this.#textAt === text.length) this.#endPiece();
    return long === undefined ? (text.slice(start, end) as Frame) : this.#exceed(long);
  }

  #endPiece(): void {
    this.#text = "";
    this.#textAt = 0;
    this.#moveTo(this.#pieceEnd);
  }

  /** Returns the number of bytes of the piece that were returned as text. */
  #givenBytes(): number {
    const text = this.#text;
    if (text.length === this.#pieceEnd - this.#at) return this.#textAt;
    let at = this.#at;
    for (let lf = text.indexOf(LF_TEXT); lf >= 0 && lf < this.#textAt; lf = text.indexOf(LF_TEXT, lf + 1)) {
      at = this.#chunk.indexOf(LF, at) + 1;
    }
    return at - this.#at;
  }

  #moveTo(at: number): void {
    this.#at = at;
    if (at === this.#chunk.bytes.length) this.#leaveChunk();
  }

  #leaveChunk(): void {
    this.#chunk.set(EMPTY);
    this.#at = 0;
  }

  /**
   * Keeps the bytes from `start` on, which contain no LF. One byte above the limit is kept if it may be the CR of a
   * CRLF.
   */
  #keepFrom(start: number): Frame | undefined {
    const bytes = this.#chunk.view(start, this.#chunk.bytes.length);
    this.#leaveChunk();
    if (this.#dropping || bytes.length === 0) return undefined;
    const begun = this.#begunLength();
    const length = begun + bytes.length;
    if (length > this.#max && !(length === this.#max + 1 && bytes[bytes.length - 1] === CR)) {
      this.#dropping = true;
      return this.#exceed(this.#takeBegun(viewOf(bytes, 0, Math.max(0, this.#max - begun))));
    }
    this.#begun ??= this.#payload.begin();
    this.#begun.push(bytes, start === 0 && !this.leavesChunks);
    return undefined;
  }

  #begunLength(): number {
    return this.#begun?.length ?? 0;
  }

  #takeBegun(rest: Bytes = EMPTY): Bytes {
    const begun = this.#begun?.take(rest) ?? rest;
    this.#begun = undefined;
    return begun;
  }

  /** Returns the frame of a line, given without its end. */
  #one(payload: Bytes): Frame {
    return payload.length > this.#max ? this.#exceed(payload) : this.#payload.one(payload);
  }

  /** Returns the last line, if it has no terminator. */
  #last(): Frame | undefined {
    const length = this.#begunLength();
    const cutOff = this.#dropping ? !this.#deliver : length > 0 && !this.#deliver;
    const line = this.#takeBegun();
    this.#dropping = false;
    if (cutOff) throw new SpillwayError("unexpected-eof", "the input ended in the middle of a line");
    return length === 0 ? undefined : this.#one(line);
  }

  /** Reports or truncates a line that is too long. `bytes` are at least as many of its bytes as the limit allows. */
  #exceed(bytes: Bytes): Frame {
    if (!this.#truncates) throw this.#tooLarge;
    this.truncated = true;
    const cut = viewOf(bytes, 0, this.#max);
    return this.#payload.one(this.#payload.whole?.(cut) ?? cut);
  }

  /**
   * The error that all lines of a connection share: with `invalidFrame: "skip"` there may be thousands, and a stack
   * trace costs microseconds.
   */
  get #tooLarge(): SpillwayError {
    this.#tooLargeError ??= new SpillwayError("frame-too-large", `a line of more than ${this.#max} bytes`);
    return this.#tooLargeError;
  }
}

/** Returns the end of the payload that begins at `start` and is followed by the LF at `lf`. */
function withoutCr(bytes: Bytes, start: number, lf: number): number {
  return lf > start && bytes[lf - 1] === CR ? lf - 1 : lf;
}

/**
 * Returns the position behind the last LF before `limit`. Most chunks end with a LF, and a call of the search costs V8
 * as much as a short line.
 */
function lineEnd(bytes: Bytes, limit: number): number {
  return bytes[limit - 1] === LF ? limit : bytes.lastIndexOf(LF, limit - 1) + 1;
}
