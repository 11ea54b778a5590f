import { SpillwayError } from "../errors/errors.ts";
import { checkChoice } from "../options/limits.ts";
import { checkOptions, type OptionNames } from "../options/option_names.ts";
import type { Bytes } from "../transport/transport.ts";
import { ByteQueue } from "./byte_queue.ts";
import type { Codec, Decoder, Encoder } from "./codec.ts";
import { frameLimit } from "./frame_limit.ts";
import { bytesEncoder, type LineTerminator, latin1Encoder, utf8Encoder } from "./line_encoders.ts";
import { byteLines, type LinePayload, latin1Lines, Utf8Lines } from "./line_payloads.ts";
import { concat, EMPTY, viewOf } from "./views.ts";

const LF = 0x0a;
const CR = 0x0d;
const LF_TEXT = "\n";
/** How much text is decoded at once: little at first, as the next line may be another codec's, and twice as much each time. */
const FIRST_PIECE = 64;
const LARGEST_PIECE = 65_536;

/** How the bytes of a line become a frame, and back. */
export type LineEncoding = "utf-8" | "latin1" | "bytes";

const OPTIONS: OptionNames<LinesOptions> = {
  maxFrameBytes: true,
  encoding: true,
  fatal: true,
  unterminated: true,
  terminator: true,
};

/** Settings of {@link lines}. */
export interface LinesOptions {
  /** The longest payload in bytes, without its terminator. At least 1; default 65536. */
  readonly maxFrameBytes?: number;
  /** `"utf-8"` (default) and `"latin1"` (ISO 8859-1, byte for byte) give strings, `"bytes"` gives `Uint8Array`s. */
  readonly encoding?: LineEncoding;
  /** Whether invalid UTF-8 is `frame-invalid` (true) or becomes U+FFFD (false, the default). */
  readonly fatal?: boolean;
  /** What to do with a last line that no terminator ends: `unexpected-eof` (`"reject"`, the default), or hand it out. */
  readonly unterminated?: "reject" | "deliver";
  /**
   * What ends a reply: LF (the default), or CRLF, which the peers of SMTP, FTP and IRC insist on. A reply with a CR in it is
   * then refused as one with a LF is: some peers take either for the end of a line. What arrives may end with both.
   */
  readonly terminator?: LineTerminator;
}

/**
 * Lines that end at LF or CRLF. The terminator is stripped; replies end with LF, or with CRLF if that is asked for.
 *
 * A line of more than `maxFrameBytes` is `frame-too-large` as soon as that is certain, and is not kept. The fault frame
 * is `error: <reason>`. A reply with a line break in it is refused (`reply-invalid`): it would be two replies. With
 * `invalidFrame: "truncate"` the beginning of a line that is too long is given, cut between two characters.
 *
 * @throws {RangeError} for a `maxFrameBytes` that is not a whole number of at least 1 (or `Infinity`), or an unknown
 * `encoding`, `unterminated` or `terminator`
 *
 * @example
 * ```ts
 * import { lines } from "spillway";
 *
 * const decoder = lines({ maxFrameBytes: 1024 }).decoder();
 * decoder.push(new TextEncoder().encode("one\r\ntwo\nthr"));
 * console.log(decoder.next(), decoder.next(), decoder.next()); // one two undefined
 * ```
 */
export function lines(options: LinesOptions & { readonly encoding: "bytes" }): Codec<Bytes, Uint8Array>;
export function lines(options?: LinesOptions & { readonly encoding?: "utf-8" | "latin1" }): Codec<string>;
export function lines(options: LinesOptions = {}): Codec<string> | Codec<Bytes, Uint8Array> {
  checkOptions(options, OPTIONS);
  const { encoding = "utf-8", fatal = false, terminator = "\n", unterminated = "reject" } = options;
  const max = frameLimit(options.maxFrameBytes);
  checkChoice("unterminated", unterminated, ["reject", "deliver"]);
  checkChoice("terminator", terminator, ["\n", "\r\n"]);
  const rules = { max, deliver: unterminated === "deliver" };
  switch (encoding) {
    case "utf-8":
      return codec(rules, new Utf8Lines(fatal), utf8Encoder(terminator));
    case "latin1":
      return codec(rules, latin1Lines, latin1Encoder(terminator));
    case "bytes":
      return codec(rules, byteLines, bytesEncoder(terminator));
    default:
      throw new RangeError(`encoding must be "utf-8", "latin1" or "bytes", not ${JSON.stringify(encoding)}`);
  }
}

/** What is a line, besides its end. */
interface LineRules {
  readonly max: number;
  /** Whether the end of the input ends a line. */
  readonly deliver: boolean;
}

function codec<In, Out>(rules: LineRules, payload: LinePayload<In>, encoder: Encoder<Out>): Codec<In, Out> {
  return {
    decoder: () => new LineDecoder(rules, payload, false),
    encoder: () => encoder,
    truncatingDecoder: () => new LineDecoder(rules, payload, true),
  };
}

/**
 * Finds the lines. Text is decoded in pieces of whole lines, and only when it is asked for: what an upgrade takes away is
 * still the chunk that came, and was mostly not looked at. What no LF ends is kept aside.
 */
class LineDecoder<Frame> implements Decoder<Frame> {
  truncated = false;
  readonly #max: number;
  readonly #deliver: boolean;
  readonly #truncates: boolean;
  readonly #payload: LinePayload<Frame>;
  /** The beginning of a line whose LF has not come. */
  #begun: ByteQueue | undefined;
  /** The last chunk, or nothing when it is used up, and where in it what was not given begins. */
  #chunk: Bytes = EMPTY;
  #at = 0;
  /** Whole lines, from `#at` to `#pieceEnd`, of which those before `#textAt` were given; empty when there are none. */
  #text = "";
  #textAt = 0;
  #pieceEnd = 0;
  #pieceBytes = FIRST_PIECE;
  /** Up to here in the chunk, lines cannot be decoded together. */
  #singlyTo = 0;
  /** From the end of the last piece up to here, there is no LF. */
  #bareTo = 0;
  /** A line is too long, which was reported: its bytes are dropped up to its LF. */
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
    this.#chunk = chunk;
    this.#at = this.#singlyTo = this.#bareTo = 0;
  }

  next(): Frame | undefined {
    this.truncated = false;
    if (this.#text !== "") return this.#nextOfText(this.#text);
    if (this.#chunk.length > 0) {
      const frame = this.midFrame ? this.#goOn() : this.#nextOfChunk();
      if (frame !== undefined) return frame;
    }
    return this.#ended ? this.#last() : undefined;
  }

  end(): void {
    this.#ended = true;
  }

  unread(): Bytes {
    return concat([this.#takeBegun(), this.#chunk.subarray(this.#at + this.#givenBytes())]);
  }

  /** What the chunk begins with belongs to the line that was begun before. */
  #goOn(): Frame | undefined {
    const chunk = this.#chunk;
    const lf = chunk.indexOf(LF);
    if (lf < 0) return this.#keepFrom(0);
    this.#moveTo(lf + 1);
    if (this.#dropping) {
      this.#dropping = false;
      return this.#nextOfChunk();
    }
    const line = this.#takeBegun(viewOf(chunk, 0, lf + 1));
    return this.#one(line, 0, line.length - 1);
  }

  #nextOfChunk(): Frame | undefined {
    const start = this.#at;
    const chunk = this.#chunk;
    const text = start < this.#singlyTo || this.#bareTo === chunk.length ? undefined : this.#decodePiece(start);
    if (text !== undefined) return this.#nextOfText(text);
    const lf = chunk.indexOf(LF, Math.max(start, this.#bareTo));
    if (lf < 0) return this.#keepFrom(start);
    this.#moveTo(lf + 1);
    return this.#one(chunk, start, lf);
  }

  /** The text of the next few lines; `undefined` where they have to be decoded one by one. */
  #decodePiece(start: number): string | undefined {
    if (this.#payload.many === undefined) return undefined;
    const chunk = this.#chunk;
    // The search ends at the LF before `start`, if not earlier.
    const limit = Math.min(start + this.#pieceBytes, chunk.length);
    const end = chunk.lastIndexOf(LF, limit - 1) + 1;
    this.#pieceBytes = Math.min(2 * this.#pieceBytes, LARGEST_PIECE);
    const text = end === start ? "" : this.#payload.many(viewOf(chunk, start, end), this.#max);
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
    // Only where each character is a byte can there be a line that is too long.
    const long = end - start > this.#max ? viewOf(this.#chunk, this.#at + start, this.#at + end) : undefined;
    this.#textAt = lf + 1;
    if (this.#textAt === text.length) this.#endPiece();
    return long === undefined ? (text.slice(start, end) as Frame) : this.#exceed(long);
  }

  #endPiece(): void {
    this.#text = "";
    this.#textAt = 0;
    this.#moveTo(this.#pieceEnd);
  }

  /** How many bytes of the piece were given as text. */
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
    if (at === this.#chunk.length) this.#leaveChunk();
  }

  #leaveChunk(): void {
    this.#chunk = EMPTY;
    this.#at = 0;
  }

  /** There is no LF from `start` on. One byte more than allowed is kept if it may be the CR of a CRLF. */
  #keepFrom(start: number): Frame | undefined {
    const bytes = viewOf(this.#chunk, start, this.#chunk.length);
    this.#leaveChunk();
    if (this.#dropping || bytes.length === 0) return undefined;
    const begun = this.#begunLength();
    const length = begun + bytes.length;
    if (length > this.#max && !(length === this.#max + 1 && bytes[bytes.length - 1] === CR)) {
      this.#dropping = true;
      return this.#exceed(this.#takeBegun(viewOf(bytes, 0, Math.max(0, this.#max - begun))));
    }
    this.#begun ??= new ByteQueue();
    this.#begun.push(bytes);
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

  /** The frame of the line from `start` to its LF. */
  #one(bytes: Bytes, start: number, lf: number): Frame {
    const end = lf > start && bytes[lf - 1] === CR ? lf - 1 : lf;
    const line = viewOf(bytes, start, end);
    return line.length > this.#max ? this.#exceed(line) : this.#payload.one(line);
  }

  /** What no terminator ended. */
  #last(): Frame | undefined {
    const length = this.#begunLength();
    const cutOff = this.#dropping ? !this.#deliver : length > 0 && !this.#deliver;
    const line = this.#takeBegun();
    this.#dropping = false;
    if (cutOff) throw new SpillwayError("unexpected-eof", "the input ended in the middle of a line");
    if (length === 0) return undefined;
    return length > this.#max ? this.#exceed(line) : this.#payload.one(line);
  }

  /** What becomes of a line that is too long, of which `bytes` are at least as many as it may have. */
  #exceed(bytes: Bytes): Frame {
    if (!this.#truncates) throw this.#tooLarge;
    this.truncated = true;
    const cut = viewOf(bytes, 0, this.#max);
    return this.#payload.one(this.#payload.whole?.(cut) ?? cut);
  }

  /** One for all lines of a connection: with `invalidFrame: "skip"` there may be thousands, and a stack costs microseconds. */
  get #tooLarge(): SpillwayError {
    this.#tooLargeError ??= new SpillwayError("frame-too-large", `a line of more than ${this.#max} bytes`);
    return this.#tooLargeError;
  }
}
