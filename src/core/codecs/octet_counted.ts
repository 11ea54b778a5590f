import type { Codec, Decoder, Encoder, Output } from "../codec.ts";
import { SpillwayError } from "../errors.ts";
import { checkCount } from "../limits.ts";
import type { Bytes } from "../transport.ts";
import { DecimalHeader, isDigit } from "./decimal_header.ts";
import { FrameInput } from "./frame_input.ts";
import { type Payload, payloadBytes } from "./payload.ts";

const SPACE = 0x20;
const LF = 0x0a;
const CR = 0x0d;

/** Settings of {@link octetCounted}. */
export interface OctetCountedOptions {
  /** The longest message in bytes. At least 1; default 65536. */
  readonly maxFrameBytes?: number;
}

/**
 * Syslog over TCP (RFC 6587): `5 hello`, the length in decimal digits, a space and the message. A message that does not begin
 * with a digit is framed the older way, and ends at LF or CRLF: senders of both kinds are understood, even on one
 * connection. Empty lines between messages are skipped, as many senders end counted messages too with LF. Replies are
 * octet-counted.
 *
 * A length that is none is `frame-invalid`, and ends the connection even with `onInvalidFrame: "skip"`: nobody knows where
 * the next message begins.
 *
 * A frame is a `Uint8Array`; a reply may be a string too, which is sent as UTF-8, and must not be empty (`reply-invalid`):
 * the format has no message of no bytes.
 *
 * @throws {RangeError} for a `maxFrameBytes` that is not a whole number of at least 1 (or `Infinity`)
 *
 * @example
 * ```ts
 * import { octetCounted, text } from "spillway/codecs";
 *
 * const decoder = text(octetCounted()).decoder();
 * decoder.push(new TextEncoder().encode("8 <13>one\n<13>two\n"));
 * console.log(decoder.next()); // <13>one\n
 * console.log(decoder.next()); // <13>two
 * ```
 */
export function octetCounted(options: OctetCountedOptions = {}): Codec<Bytes, Payload> {
  const max = checkCount("maxFrameBytes", options.maxFrameBytes ?? 65_536);
  return { decoder: () => new SyslogDecoder(max), encoder: () => encoder };
}

/** How a message is framed, which its first byte says. */
type Mode =
  | "unknown"
  /** Its length is being read. */
  | "counting"
  /** Its length is known. */
  | "counted"
  /** It ends at LF. */
  | "line"
  /** It was refused, and is dropped to its end. */
  | "dropping"
  | "dropping-line";

class SyslogDecoder implements Decoder<Bytes> {
  lost = false;
  readonly #input = new FrameInput();
  readonly #header = new DecimalHeader(SPACE, 0);
  readonly #max: number;
  #mode: Mode = "unknown";
  /** Of a counted message: its length with its header, and that of the header; of a dropped one, what is left of it. */
  #length = 0;
  #headerBytes = 0;

  constructor(max: number) {
    this.#max = max;
  }

  get midFrame(): boolean {
    return this.#mode !== "unknown";
  }

  push(chunk: Bytes): void {
    this.#input.push(chunk);
  }

  next(): Bytes | undefined {
    if (this.lost) return undefined;
    let message = this.#message();
    while (message?.length === 0) message = this.#message();
    if (message !== undefined) return message;
    this.#input.keep();
    return this.#input.ended ? this.#last() : undefined;
  }

  end(): void {
    this.#input.ended = true;
  }

  rest(): Bytes {
    return this.#input.rest();
  }

  /** What is whole: a message, or an empty line, which is none. */
  #message(): Bytes | undefined {
    if (this.#mode === "dropping" || this.#mode === "dropping-line") this.#drop();
    if (this.#mode === "unknown") this.#begin();
    if (this.#mode === "counting") this.#count();
    if (this.#mode === "counted" && this.#input.reach(this.#length)) return this.#take(this.#headerBytes);
    if (this.#mode === "line" && this.#findLf()) return this.#takeLine();
    return undefined;
  }

  #begin(): void {
    const { at, chunk } = this.#input;
    if (at < chunk.length) this.#mode = isDigit(chunk[at] as number) ? "counting" : "line";
  }

  #count(): void {
    const length = this.#readLength();
    if (length === undefined) return;
    if (length > this.#max) this.#refuse("dropping", length);
    this.#mode = "counted";
    this.#headerBytes = this.#input.length;
    this.#length = this.#headerBytes + length;
  }

  #readLength(): number | undefined {
    try {
      const length = this.#header.read(this.#input);
      if (length === 0) throw new SpillwayError("frame-invalid", "a message of no bytes");
      return length;
    } catch (error) {
      this.lost = true;
      throw error;
    }
  }

  /** One byte more than allowed is kept if it may be the CR of a CRLF. */
  #findLf(): boolean {
    const input = this.#input;
    // Asked again without new bytes: what is kept was judged.
    if (input.at === input.chunk.length) return false;
    const lf = input.chunk.indexOf(LF, input.at);
    input.at = lf < 0 ? input.chunk.length : lf + 1;
    if (lf >= 0) return true;
    const surplus = input.length - this.#max;
    if (surplus > 1 || (surplus === 1 && input.chunk.at(-1) !== CR)) this.#refuse("dropping-line", 0);
    return false;
  }

  #takeLine(): Bytes {
    const line = this.#take();
    const end = line.at(-2) === CR ? line.length - 2 : line.length - 1;
    if (end > this.#max) throw this.#tooLarge();
    return line.subarray(0, end);
  }

  #take(headerBytes = 0): Bytes {
    this.#mode = "unknown";
    return this.#input.take(headerBytes);
  }

  #refuse(mode: "dropping" | "dropping-line", length: number): never {
    this.#mode = mode;
    this.#length = length;
    this.#input.drop();
    throw this.#tooLarge();
  }

  #drop(): void {
    const input = this.#input;
    if (this.#mode === "dropping") {
      this.#length -= input.skip(this.#length);
      if (this.#length === 0) this.#mode = "unknown";
      return;
    }
    const lf = input.chunk.indexOf(LF, input.at);
    input.at = lf < 0 ? input.chunk.length : lf + 1;
    input.drop();
    if (lf >= 0) this.#mode = "unknown";
  }

  #last(): undefined {
    if (!this.midFrame) return undefined;
    this.#mode = "unknown";
    this.#input.drop();
    throw new SpillwayError("unexpected-eof", "the input ended in the middle of a message");
  }

  #tooLarge(): SpillwayError {
    return new SpillwayError("frame-too-large", `a message of more than ${this.#max} bytes`);
  }
}

const encoder: Encoder<Payload> = {
  encode(frame: Payload, output: Output): void {
    const payload = payloadBytes(frame);
    if (payload.length === 0) throw new SpillwayError("reply-invalid", "a message must have at least one byte");
    output.text(`${payload.length} `);
    output.bytes(payload);
  },
};
