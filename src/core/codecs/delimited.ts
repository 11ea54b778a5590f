import { SpillwayError } from "../errors/errors.ts";
import { checkChoice } from "../options/limits.ts";
import { checkOptions, type OptionNames } from "../options/option_names.ts";
import type { Bytes } from "../transport/transport.ts";
import type { Codec, Decoder, Encoder, Output } from "./codec.ts";
import { DelimiterSearch } from "./delimiter_search.ts";
import { FrameInput } from "./frame_input.ts";
import { frameLimit } from "./frame_limit.ts";
import { type Payload, payloadBytes } from "./payload.ts";

/** A byte sequence, as bytes or as text in UTF-8. */
export type Delimiter = Uint8Array | string;

const OPTIONS: OptionNames<DelimitedOptions> = { delimiter: true, maxFrameBytes: true, unterminated: true };

/** Settings of {@link delimited}. */
export interface DelimitedOptions {
  /**
   * The delimiter of frames, or several. Not empty; at most 2047 bytes in total. Replies end with the first delimiter;
   * if another delimiter would match before its end, every reply is `reply-invalid`.
   */
  readonly delimiter: Delimiter | readonly Delimiter[];
  /** The longest payload in bytes, without its delimiter. At least 1; default 65536. */
  readonly maxFrameBytes?: number;
  /**
   * The policy for a last frame without a delimiter: `"reject"` (the default) is `unexpected-eof`, `"deliver"` delivers
   * the frame.
   */
  readonly unterminated?: "reject" | "deliver";
}

/**
 * Frames that end at a byte sequence, or at one of several. If several could end a frame, the one that ends first does;
 * of two that end at the same byte, the longer one does.
 *
 * A payload of more than `maxFrameBytes` is `frame-too-large` as soon as that is certain, and is not kept. A frame is a
 * `Uint8Array`. A reply may also be a string, which is sent as UTF-8. A reply that contains a delimiter is
 * `reply-invalid`, because it would be two. With `invalidFrame: "truncate"`, the beginning of a payload that is too
 * long is delivered.
 *
 * @throws {TypeError | RangeError} for an invalid delimiter, a `maxFrameBytes` that is not a whole number of at least
 * 1, or an unknown `unterminated`
 *
 * @example
 * ```ts
 * import { delimited, text } from "spillway/codecs";
 *
 * const decoder = text(delimited({ delimiter: "\r\n.\r\n" })).decoder();
 * decoder.push(new TextEncoder().encode("a\r\nb\r\n.\r\nc"));
 * console.log(decoder.next(), decoder.next()); // a\r\nb undefined
 * ```
 */
export function delimited(options: DelimitedOptions): Codec<Bytes, Payload> {
  checkOptions(options, OPTIONS);
  const max = frameLimit(options.maxFrameBytes);
  const { delimiter, unterminated = "reject" } = options;
  checkChoice("unterminated", unterminated, ["reject", "deliver"]);
  const delimiters = (Array.isArray(delimiter) ? delimiter : [delimiter]).map(toBytes);
  const search = new DelimiterSearch(delimiters);
  const encoder = new DelimitedEncoder(search, delimiters[0] as Bytes);
  const rules = { search, max, deliver: unterminated === "deliver" };
  return {
    decoder: () => new DelimitedDecoder(rules, false),
    encoder: () => encoder,
    truncatingDecoder: () => new DelimitedDecoder(rules, true),
  };
}

/** The rules that define a frame. */
interface DelimitedRules {
  readonly search: DelimiterSearch;
  readonly max: number;
  /** Whether the end of the input ends a frame. */
  readonly deliver: boolean;
}

/** @throws {TypeError} not a delimiter */
export function toBytes(delimiter: unknown): Bytes {
  if (typeof delimiter === "string") return new TextEncoder().encode(delimiter);
  if (delimiter instanceof Uint8Array) return new Uint8Array(delimiter);
  throw new TypeError(`delimiter must be a string or a Uint8Array, or an array of such, not ${typeof delimiter}`);
}

class DelimitedDecoder implements Decoder<Bytes> {
  truncated = false;
  readonly #input = new FrameInput();
  readonly #search: DelimiterSearch;
  readonly #max: number;
  readonly #deliver: boolean;
  readonly #truncates: boolean;
  #tooLargeError: SpillwayError | undefined;
  #state = 0;
  /** Whether the current frame was reported as too long. Its bytes are dropped up to its delimiter. */
  #dropping = false;

  constructor({ search, max, deliver }: DelimitedRules, truncates: boolean) {
    this.#search = search;
    this.#max = max;
    this.#deliver = deliver;
    this.#truncates = truncates;
  }

  get midFrame(): boolean {
    return this.#dropping || this.#input.length > 0;
  }

  push(chunk: Bytes): void {
    this.#input.push(chunk);
  }

  next(): Bytes | undefined {
    this.truncated = false;
    for (;;) {
      this.#state = this.#search.run(this.#state, this.#input);
      const delimiterBytes = this.#search.found(this.#state);
      if (delimiterBytes === 0) break;
      this.#state = 0;
      if (!this.#dropping) return this.#take(delimiterBytes);
      this.#dropping = false;
      this.#input.drop();
    }
    if (this.#dropping) this.#input.drop();
    else if (this.#input.length - this.#search.depth(this.#state) > this.#max) return this.#exceed(true);
    else this.#input.keep();
    return this.#input.ended ? this.#last() : undefined;
  }

  end(): void {
    this.#input.ended = true;
  }

  unread(): Bytes {
    return this.#input.unread();
  }

  #take(delimiterBytes: number): Bytes {
    const length = this.#input.length - delimiterBytes;
    return length > this.#max ? this.#exceed(false) : this.#input.take(0, delimiterBytes);
  }

  /** Reports or truncates a frame that is too long. `unended` says whether its delimiter is still to come. */
  #exceed(unended: boolean): Bytes {
    this.#dropping = unended;
    if (this.#truncates) {
      this.truncated = true;
      return this.#input.cut(this.#max);
    }
    this.#input.drop();
    // All frames of a connection share one error: with `invalidFrame: "skip"` there may be thousands.
    this.#tooLargeError ??= new SpillwayError("frame-too-large", `a frame of more than ${this.#max} bytes`);
    throw this.#tooLargeError;
  }

  #last(): Bytes | undefined {
    const { length } = this.#input;
    if (!this.midFrame || (this.#dropping && this.#deliver)) {
      this.#dropping = false;
      return undefined;
    }
    if (this.#deliver) return length > this.#max ? this.#exceed(false) : this.#input.take();
    this.#dropping = false;
    this.#input.drop();
    throw new SpillwayError("unexpected-eof", "the input ended before a delimiter");
  }
}

class DelimitedEncoder implements Encoder<Payload> {
  readonly #search: DelimiterSearch;
  readonly #delimiter: Bytes;

  constructor(search: DelimiterSearch, delimiter: Bytes) {
    this.#search = search;
    this.#delimiter = delimiter;
  }

  encode(frame: Payload, output: Output): void {
    const payload = payloadBytes(frame);
    if (!this.#endsFirst(payload)) {
      throw new SpillwayError(
        "reply-invalid",
        "a reply cannot contain a delimiter, or end with the beginning of one: it would be read as two",
      );
    }
    output.bytes(payload);
    output.bytes(this.#delimiter);
  }

  /** Reports whether the first delimiter found in the payload and its delimiter is the appended one, whole. */
  #endsFirst(payload: Uint8Array): boolean {
    const found = new FrameInput();
    found.push(payload as Bytes);
    let state = this.#search.run(0, found);
    if (this.#search.found(state) > 0) return false;
    found.push(this.#delimiter);
    state = this.#search.run(state, found);
    return found.at === this.#delimiter.length && this.#search.found(state) === this.#delimiter.length;
  }
}
