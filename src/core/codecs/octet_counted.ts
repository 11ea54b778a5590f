import { SpillwayError } from "../errors/errors.ts";
import { checkChoice } from "../options/limits.ts";
import { checkOptions, type OptionNames } from "../options/option_names.ts";
import type { Bytes } from "../transport/transport.ts";
import { ByteSearch } from "./byte_search.ts";
import type { Codec, Decoder, Encoder, Output } from "./codec.ts";
import { DecimalHeader, isDigit } from "./decimal_header.ts";
import { type Delimiter, toBytes } from "./delimited.ts";
import { FrameInput } from "./frame_input.ts";
import { frameLimit } from "./frame_limit.ts";
import { type Payload, payloadBytes } from "./payload.ts";
import { viewOf } from "./views.ts";

const SPACE = 0x20;
const LF = 0x0a;
const CR = 0x0d;

const OPTIONS: OptionNames<OctetCountedOptions> = { maxFrameBytes: true, delimiter: true, unterminated: true };

/** Settings of {@link octetCounted}. */
export interface OctetCountedOptions {
  /** The longest message in bytes. At least 1; default 65536. */
  readonly maxFrameBytes?: number;
  /**
   * The delimiters of messages that are not counted, each of one byte that is not a digit. Default LF and NUL, which
   * are the ones that senders use. If LF is a delimiter, CRLF is one too. With NUL alone, a message may have several
   * lines.
   */
  readonly delimiter?: Delimiter | readonly Delimiter[];
  /**
   * The policy for a last message that is neither counted nor delimited: `"reject"` (the default) is `unexpected-eof`,
   * `"deliver"` delivers the message. An incomplete counted message is `unexpected-eof` in any case.
   */
  readonly unterminated?: "reject" | "deliver";
}

/**
 * Syslog over TCP (RFC 6587): `5 hello`, the length in decimal digits, a space and the message. A message that does not
 * begin with a digit has the older framing, and ends at LF, CRLF or NUL. So senders of both kinds are understood, even
 * on one connection. Empty messages are skipped, because many senders put a LF or a NUL behind counted messages too.
 * Replies are octet-counted. With `invalidFrame: "truncate"`, the beginning of a message that is too long is delivered.
 *
 * An invalid length is `frame-invalid`, and ends the connection even with `invalidFrame: "skip"`, because the beginning
 * of the next message is unknown.
 *
 * A frame is a `Uint8Array`. A reply may also be a string, which is sent as UTF-8. It must not be empty
 * (`reply-invalid`), because the format has no empty message.
 *
 * @throws {TypeError | RangeError} for a `maxFrameBytes` that is not a whole number of at least 1 (or `Infinity`), an
 * invalid `delimiter`, or an unknown `unterminated`
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
  checkOptions(options, OPTIONS);
  const { delimiter = ["\n", "\0"], unterminated = "reject" } = options;
  checkChoice("unterminated", unterminated, ["reject", "deliver"]);
  const rules = {
    max: frameLimit(options.maxFrameBytes),
    delimiters: (Array.isArray(delimiter) ? delimiter : [delimiter]).map(delimiterByte),
    deliver: unterminated === "deliver",
  };
  if (rules.delimiters.length === 0) throw new RangeError("delimiter must be at least one byte");
  return {
    decoder: () => new SyslogDecoder(rules, false),
    encoder: () => encoder,
    truncatingDecoder: () => new SyslogDecoder(rules, true),
  };
}

function delimiterByte(delimiter: unknown): number {
  const [byte, ...more] = toBytes(delimiter);
  if (byte !== undefined && more.length === 0 && !isDigit(byte)) return byte;
  throw new RangeError(
    "delimiter must be one byte, or an array of such, and no digit: a digit begins a counted message",
  );
}

/** The rules that define a message. */
interface SyslogRules {
  readonly max: number;
  /** The delimiters of messages that are not counted. */
  readonly delimiters: readonly number[];
  /** Whether the end of the input ends such a message. */
  readonly deliver: boolean;
}

/** The state of the current message. Its first byte determines its framing. */
type Mode =
  | "unknown"
  /** The length is being read. */
  | "counting"
  /** The length is known. */
  | "counted"
  /** The message ends at a delimiter. */
  | "line"
  /** The message was refused, and is dropped to its end. */
  | "dropping"
  | "dropping-line";

class SyslogDecoder implements Decoder<Bytes> {
  lost = false;
  truncated = false;
  readonly #input = new FrameInput();
  readonly #header = new DecimalHeader(SPACE, 0);
  readonly #search: ByteSearch;
  readonly #max: number;
  readonly #deliver: boolean;
  readonly #truncates: boolean;
  /** Whether a CR before a LF may belong to the delimiter. */
  readonly #crlf: boolean;
  #tooLargeError: SpillwayError | undefined;
  #mode: Mode = "unknown";
  /**
   * The length of a counted message including its header, and the length of the header. Of a dropped message, `#length`
   * is the number of remaining bytes.
   */
  #length = 0;
  #headerBytes = 0;
  /** The number of bytes of a counted message above the limit. They are dropped behind the rest. */
  #surplus = 0;

  constructor({ max, delimiters, deliver }: SyslogRules, truncates: boolean) {
    this.#max = max;
    this.#search = new ByteSearch(delimiters);
    this.#deliver = deliver;
    this.#truncates = truncates;
    this.#crlf = delimiters.includes(LF);
  }

  get midFrame(): boolean {
    return this.#mode !== "unknown";
  }

  push(chunk: Bytes): void {
    this.#input.push(chunk);
    this.#search.reset();
  }

  next(): Bytes | undefined {
    this.truncated = false;
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

  unread(): Bytes {
    return this.#input.unread();
  }

  /** Returns the next whole message, or `undefined`. An empty one is to be skipped. */
  #message(): Bytes | undefined {
    if (this.#mode === "dropping" || this.#mode === "dropping-line") this.#drop();
    if (this.#mode === "unknown") this.#begin();
    if (this.#mode === "counting") this.#count();
    if (this.#mode === "counted" && this.#input.reach(this.#length)) return this.#takeCounted();
    return this.#mode === "line" ? this.#line() : undefined;
  }

  #begin(): void {
    const { at, chunk } = this.#input;
    if (at < chunk.length) this.#mode = isDigit(chunk[at] as number) ? "counting" : "line";
  }

  #count(): void {
    const length = this.#readLength();
    if (length === undefined) return;
    this.#surplus = Math.max(0, length - this.#max);
    if (this.#surplus > 0 && !this.#truncates) this.#refuse(length);
    this.#mode = "counted";
    this.#headerBytes = this.#input.length;
    this.#length = this.#headerBytes + length - this.#surplus;
  }

  #refuse(length: number): never {
    this.#mode = "dropping";
    this.#length = length;
    this.#input.drop();
    throw this.#tooLarge;
  }

  #takeCounted(): Bytes {
    this.truncated = this.#surplus > 0;
    this.#mode = this.truncated ? "dropping" : "unknown";
    this.#length = this.#surplus;
    return this.#input.take(this.#headerBytes);
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

  /** Returns the current message if it is delimited. One byte above the limit is kept if it may be the CR of a CRLF. */
  #line(): Bytes | undefined {
    const input = this.#input;
    // There are no new bytes since the last call, and the kept bytes were judged then.
    if (input.at === input.chunk.length) return undefined;
    if (this.#findDelimiter()) return this.#takeLine();
    const surplus = input.length - this.#max;
    const mayBeCrlf = surplus === 1 && this.#crlf && input.last === CR;
    return surplus > 0 && !mayBeCrlf ? this.#exceed("dropping-line") : undefined;
  }

  /** Moves behind the next delimiter, or to the end of the chunk. Returns whether there is a delimiter. */
  #findDelimiter(): boolean {
    const input = this.#input;
    const found = this.#search.find(input.chunk, input.at);
    input.at = found < 0 ? input.chunk.length : found + 1;
    return found >= 0;
  }

  #takeLine(): Bytes {
    const ended = this.#input.last;
    // Even if only the beginning is wanted, the last bytes determine the length.
    const line = this.#input.take();
    const end = ended === LF && line.at(-2) === CR ? line.length - 2 : line.length - 1;
    this.#mode = "unknown";
    return end > this.#max ? this.#cut(line) : viewOf(line, 0, end);
  }

  /** Reports or truncates an uncounted message that is too long. `mode` handles its remaining bytes. */
  #exceed(mode: Mode): Bytes {
    this.#mode = mode;
    if (this.#truncates) return this.#cut(this.#input.cut(this.#max));
    this.#input.drop();
    throw this.#tooLarge;
  }

  #cut(message: Bytes): Bytes {
    if (!this.#truncates) throw this.#tooLarge;
    this.truncated = true;
    return viewOf(message, 0, this.#max);
  }

  #drop(): void {
    const input = this.#input;
    if (this.#mode === "dropping") {
      this.#length -= input.skip(this.#length);
      if (this.#length === 0) this.#mode = "unknown";
      return;
    }
    const found = this.#findDelimiter();
    input.drop();
    if (found) this.#mode = "unknown";
  }

  #last(): Bytes | undefined {
    const mode = this.#mode;
    this.#mode = "unknown";
    if (mode === "unknown" || (mode === "dropping-line" && this.#deliver)) return undefined;
    if (mode === "line" && this.#deliver) {
      return this.#input.length > this.#max ? this.#exceed("unknown") : this.#input.take();
    }
    this.#input.drop();
    throw new SpillwayError("unexpected-eof", "the input ended in the middle of a message");
  }

  /** The error that all messages of a connection share: with `invalidFrame: "skip"` there may be thousands. */
  get #tooLarge(): SpillwayError {
    this.#tooLargeError ??= new SpillwayError("frame-too-large", `a message of more than ${this.#max} bytes`);
    return this.#tooLargeError;
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
