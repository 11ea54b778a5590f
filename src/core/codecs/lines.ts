import type { Codec, Decoder, Encoder } from "../codec.ts";
import { SpillwayError } from "../errors.ts";
import { checkChoice, checkCount } from "../limits.ts";
import type { Bytes } from "../transport.ts";
import { ByteQueue, concat } from "./byte_queue.ts";
import { decodeLatin1 } from "./latin1.ts";
import { bytesEncoder, latin1Encoder, utf8Encoder } from "./line_encoders.ts";

const LF = 0x0a;
const CR = 0x0d;
const LF_TEXT = "\n";
const EMPTY: Bytes = new Uint8Array(0);

/** How the bytes of a line become a frame, and back. */
export type LineEncoding = "utf-8" | "latin1" | "bytes";

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
}

/**
 * Lines that end at LF or CRLF. The terminator is stripped; replies end with LF.
 *
 * A line of more than `maxFrameBytes` is `frame-too-large` as soon as that is certain, and is not kept. The fault frame
 * is `error: <reason>`. A reply with a line break in it is refused (`reply-invalid`): it would be two replies.
 *
 * @throws {RangeError} for a `maxFrameBytes` that is not a whole number of at least 1 (or `Infinity`), or an unknown encoding
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
  const { encoding = "utf-8", fatal = false, unterminated = "reject" } = options;
  const max = checkCount("maxFrameBytes", options.maxFrameBytes ?? 65_536);
  checkChoice("unterminated", unterminated, ["reject", "deliver"]);
  const deliver = unterminated === "deliver";
  switch (encoding) {
    case "utf-8": {
      const payload = new Utf8Lines(fatal);
      return codec(() => new LineDecoder(max, deliver, payload), utf8Encoder);
    }
    case "latin1":
      return codec(() => new LineDecoder(max, deliver, latin1Lines), latin1Encoder);
    case "bytes":
      return codec(() => new LineDecoder(max, deliver, byteLines), bytesEncoder);
    default:
      throw new RangeError(`encoding must be "utf-8", "latin1" or "bytes", not ${JSON.stringify(encoding)}`);
  }
}

function codec<In, Out>(decoder: () => Decoder<In>, encoder: Encoder<Out>): Codec<In, Out> {
  return { decoder, encoder: () => encoder };
}

/** Decodes the payload of lines. */
interface LinePayload<Frame> {
  /** One line, without its terminator. @throws {SpillwayError} `frame-invalid` */
  one(payload: Bytes): Frame;
  /** Whole lines at once, terminators included, when that gives the same frames; else `undefined`. */
  many?(block: Bytes, max: number): string | undefined;
}

/**
 * Finds the lines. Input is cut at its last LF: what is before it is a block of whole lines, what is behind it the
 * beginning of the next one, kept aside. So every byte is searched once, and text is decoded once per block.
 */
class LineDecoder<Frame> implements Decoder<Frame> {
  readonly #max: number;
  readonly #deliver: boolean;
  readonly #payload: LinePayload<Frame>;
  /** The beginning of a line whose LF has not come. */
  #begun: ByteQueue | undefined;
  /** The line that the last chunk completed, terminator included. */
  #completed: Bytes | undefined;
  /** Whole lines of the last chunk, from `#at` on; as text too where they could be decoded at once. */
  #block: Bytes = EMPTY;
  #text: string | undefined;
  #at = 0;
  /** What is behind the block. Judged when the block is used up: until then it may become another codec's. */
  #tail: Bytes = EMPTY;
  /** A line that is too long: not yet reported; its bytes are dropped up to its LF. */
  #overflowed = false;
  #dropping = false;
  #ended = false;

  constructor(max: number, deliver: boolean, payload: LinePayload<Frame>) {
    this.#max = max;
    this.#deliver = deliver;
    this.#payload = payload;
  }

  get leavesChunks(): boolean {
    return this.#payload.many !== undefined;
  }

  get midFrame(): boolean {
    return this.#dropping || this.#begun !== undefined;
  }

  push(chunk: Bytes): void {
    const end = chunk.lastIndexOf(LF) + 1;
    let start = 0;
    if (end > 0 && this.midFrame) {
      start = chunk.indexOf(LF) + 1;
      this.#complete(chunk.subarray(0, start));
    }
    this.#setBlock(start === 0 && end === chunk.length ? chunk : chunk.subarray(start, end));
    if (end < chunk.length) this.#tail = end === 0 ? chunk : chunk.subarray(end);
  }

  next(): Frame | undefined {
    if (this.#completed !== undefined) {
      const line = this.#completed;
      this.#completed = undefined;
      return this.#one(line, line.length - 1);
    }
    if (this.#at < this.#block.length) return this.#text === undefined ? this.#nextBytes() : this.#nextText(this.#text);
    if (this.#tail.length > 0) this.#begin(this.#takeTail());
    if (this.#overflowed) {
      this.#overflowed = false;
      throw this.#tooLarge();
    }
    return this.#ended ? this.#last() : undefined;
  }

  end(): void {
    this.#ended = true;
  }

  rest(): Bytes {
    const block = this.#block.subarray(this.#blockAt());
    return concat([this.#completed ?? EMPTY, this.#takeBegun(), block, this.#tail]);
  }

  /** `rest` ends the line that was begun before. */
  #complete(rest: Bytes): void {
    if (this.#dropping) {
      this.#dropping = false;
      return;
    }
    this.#completed = this.#takeBegun(rest);
  }

  #setBlock(block: Bytes): void {
    this.#at = 0;
    this.#block = block;
    this.#text = block.length === 0 ? undefined : this.#payload.many?.(block, this.#max);
  }

  /** `bytes` have no LF. One byte more than allowed is kept if it may be the CR of a CRLF. */
  #begin(bytes: Bytes): void {
    if (this.#dropping) return;
    const length = this.#begunLength + bytes.length;
    if (length > this.#max && !(length === this.#max + 1 && bytes[bytes.length - 1] === CR)) {
      this.#begun = undefined;
      this.#dropping = true;
      this.#overflowed = true;
    } else {
      this.#keep(bytes);
    }
  }

  get #begunLength(): number {
    return this.#begun?.length ?? 0;
  }

  #keep(bytes: Bytes): void {
    this.#begun ??= new ByteQueue();
    this.#begun.push(bytes);
  }

  #takeTail(): Bytes {
    const tail = this.#tail;
    this.#tail = EMPTY;
    return tail;
  }

  /** Where in the bytes of the block the next line begins. */
  #blockAt(): number {
    const text = this.#text;
    if (text === undefined || text.length === this.#block.length) return this.#at;
    let at = 0;
    for (let lf = text.indexOf(LF_TEXT); lf >= 0 && lf < this.#at; lf = text.indexOf(LF_TEXT, lf + 1)) {
      at = this.#block.indexOf(LF, at) + 1;
    }
    return at;
  }

  #takeBegun(rest: Bytes = EMPTY): Bytes {
    const begun = this.#begun?.take(rest) ?? rest;
    this.#begun = undefined;
    return begun;
  }

  #nextText(text: string): Frame {
    const start = this.#at;
    const lf = text.indexOf(LF_TEXT, start);
    const end = lf > start && text.charCodeAt(lf - 1) === CR ? lf - 1 : lf;
    this.#at = lf + 1;
    if (this.#at === text.length) this.#setBlock(EMPTY);
    if (end - start > this.#max) throw this.#tooLarge();
    return text.slice(start, end) as Frame;
  }

  #nextBytes(): Frame {
    const block = this.#block;
    const start = this.#at;
    const lf = block.indexOf(LF, start);
    this.#at = lf + 1;
    if (this.#at === block.length) this.#setBlock(EMPTY);
    return this.#one(block.subarray(start, lf), lf - start);
  }

  /** The frame of a line whose LF, if it has one, is at `lf`. */
  #one(line: Bytes, lf: number): Frame {
    const end = lf > 0 && line[lf - 1] === CR ? lf - 1 : lf;
    if (end > this.#max) throw this.#tooLarge();
    return this.#payload.one(line.subarray(0, end));
  }

  /** What no terminator ended. */
  #last(): Frame | undefined {
    const length = this.#begunLength;
    const cutOff = this.#dropping ? !this.#deliver : length > 0 && !this.#deliver;
    const line = this.#takeBegun();
    this.#dropping = false;
    if (cutOff) throw new SpillwayError("unexpected-eof", "the input ended in the middle of a line");
    if (length === 0) return undefined;
    if (length > this.#max) throw this.#tooLarge();
    return this.#payload.one(line);
  }

  #tooLarge(): SpillwayError {
    return new SpillwayError("frame-too-large", `a line of more than ${this.#max} bytes`);
  }
}

class Utf8Lines implements LinePayload<string> {
  readonly #fatal: boolean;
  readonly #decoder: TextDecoder;

  constructor(fatal: boolean) {
    this.#fatal = fatal;
    this.#decoder = new TextDecoder("utf-8", { fatal, ignoreBOM: true });
  }

  one(payload: Bytes): string {
    try {
      return this.#decoder.decode(payload);
    } catch (cause) {
      throw new SpillwayError("frame-invalid", "a line that is not valid UTF-8", { cause });
    }
  }

  /** A block in which no line can be too long, or whose characters are bytes, is measured as text. */
  many(block: Bytes, max: number): string | undefined {
    try {
      const text = this.#decoder.decode(block);
      return block.length <= max || text.length === block.length ? text : undefined;
    } catch (error) {
      // Some line is invalid: decoded one by one, only that line is refused.
      if (this.#fatal) return undefined;
      throw error;
    }
  }
}

const latin1Lines: LinePayload<string> = { one: decodeLatin1, many: decodeLatin1 };
const byteLines: LinePayload<Bytes> = { one: (payload) => payload };
