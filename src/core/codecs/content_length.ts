import { SpillwayError } from "../errors/errors.ts";
import { checkOptions, type OptionNames } from "../options/option_names.ts";
import type { Bytes } from "../transport/transport.ts";
import { ByteQueue } from "./byte_queue.ts";
import type { Codec, Encoder, Output } from "./codec.ts";
import { isDigit, ZERO } from "./decimal_header.ts";
import type { FrameInput } from "./frame_input.ts";
import { frameLimit } from "./frame_limit.ts";
import { type Payload, payloadBytes } from "./payload.ts";
import { type Header, PrefixedDecoder } from "./prefixed_decoder.ts";
import { viewOf } from "./views.ts";

const HEADERS_END = "\r\n\r\n";
const USUAL = "Content-Length: ";
/** The number of digits that always form a safe integer. */
const MOST_DIGITS = 15;
const LONGEST_HEADERS = 4_096;
/** The number of characters of an invalid length that are quoted. */
const LONGEST_TOLD = 32;
/**
 * A field name as in RFC 9110 (with its quotes as codes, for tools that read this file as text), and a printable value.
 */
const FIELD = /^([!#$%&\x27*+.^_\x60|~0-9a-z-]+):([\t\x20-\x7e]*)$/i;
/** Non-ASCII bytes decode to a character that no field may contain. */
const ascii = new TextDecoder("utf-8", { ignoreBOM: true });

const OPTIONS: OptionNames<ContentLengthOptions> = { maxFrameBytes: true };

/** Settings of {@link contentLength}. */
export interface ContentLengthOptions {
  /** The longest body in bytes. At least 1; default 65536. */
  readonly maxFrameBytes?: number;
}

/** The header fields of a frame, in order of arrival. */
export interface HeaderFields extends Iterable<readonly [name: string, value: string]> {
  /** Returns the value of the first field with that name, ignoring case, or `undefined` if there is none. */
  get(name: string): string | undefined;
}

/**
 * Bodies preceded by header fields, one of which is `Content-Length`: the base protocol of the Language Server Protocol
 * and of JSON-RPC over streams. Other fields are accepted, up to 4 KiB in total; {@link mapCodec} can read them.
 * Malformed headers, and headers without a single valid length, are `frame-invalid` and end the connection with any
 * policy.
 *
 * A frame is the body, a `Uint8Array`. A reply may also be a string, which is sent as UTF-8.
 *
 * @throws {RangeError} for a `maxFrameBytes` that is not a whole number of at least 1 (or `Infinity`)
 *
 * @example
 * ```ts
 * import { contentLength, json } from "spillway/codecs";
 *
 * const decoder = json(contentLength()).decoder();
 * decoder.push(new TextEncoder().encode('Content-Length: 8\r\n\r\n{"id":1}Content-Length: 8\r\n\r\n{"id"'));
 * console.log(decoder.next(), decoder.next()); // { id: 1 } undefined
 * ```
 */
export function contentLength(options: ContentLengthOptions = {}): Codec<Bytes, Payload, HeaderFields> {
  checkOptions(options, OPTIONS);
  const max = frameLimit(options.maxFrameBytes);
  return { decoder: () => new BodyDecoder(new Fields(), max), encoder: () => encoder };
}

class BodyDecoder extends PrefixedDecoder {
  readonly #fields: Fields;

  constructor(fields: Fields, max: number) {
    super({ name: "a body", header: fields, max });
    this.#fields = fields;
  }

  get header(): HeaderFields {
    return this.#fields.last;
  }
}

class Fields implements Header {
  /**
   * The bytes of incomplete headers. A string that grows by a character at a time takes thirty times its bytes on V8.
   */
  #fields = new ByteQueue();
  /** The number of bytes of the terminating blank line that were seen. */
  #ending = 0;
  /** The last headers: only the length if they held nothing else, or all lines. */
  #last: number | readonly string[] = [];

  /** The last fields, parsed on access. */
  get last(): HeaderFields {
    const lines = typeof this.#last === "number" ? [`${USUAL}${this.#last}`] : this.#last;
    return new ReadFields(lines.map(fieldIn));
  }

  read(input: FrameInput): number | undefined {
    const usual = input.length === 0 ? readUsual(input) : undefined;
    if (usual !== undefined) {
      this.#last = usual;
      return usual;
    }
    const start = input.at;
    const whole = this.#findEnd(input);
    if (input.length > LONGEST_HEADERS || (!whole && input.length === LONGEST_HEADERS)) {
      throw new SpillwayError("frame-invalid", `header fields of more than ${LONGEST_HEADERS} bytes`);
    }
    this.#fields.push(viewOf(input.chunk, start, input.at));
    return whole ? this.#take() : undefined;
  }

  #findEnd(input: FrameInput): boolean {
    for (let byte = input.byte(); byte >= 0; byte = input.byte()) {
      if (byte === HEADERS_END.charCodeAt(this.#ending)) this.#ending += 1;
      else this.#ending = byte === HEADERS_END.charCodeAt(0) ? 1 : 0;
      if (this.#ending === HEADERS_END.length) return true;
    }
    return false;
  }

  #take(): number {
    const text = ascii.decode(this.#fields.take());
    this.#fields = new ByteQueue();
    this.#ending = 0;
    const lines = text.slice(0, -HEADERS_END.length).split("\r\n");
    this.#last = lines;
    return lengthIn(lines.map(fieldIn));
  }
}

type Field = readonly [name: string, value: string];

class ReadFields implements HeaderFields {
  readonly #fields: readonly Field[];

  constructor(fields: readonly Field[]) {
    this.#fields = fields;
  }

  get(name: string): string | undefined {
    const wanted = name.toLowerCase();
    return this.#fields.find((field) => field[0].toLowerCase() === wanted)?.[1];
  }

  [Symbol.iterator](): Iterator<Field> {
    return this.#fields[Symbol.iterator]();
  }
}

/**
 * Parses a field.
 *
 * @throws {SpillwayError} `frame-invalid` if the line is not a field
 */
function fieldIn(line: string): Field {
  const [, name, value = ""] = FIELD.exec(line) ?? [];
  if (name === undefined) throw new SpillwayError("frame-invalid", "a header field that is malformed");
  return [name, value.trim()];
}

/**
 * Reads headers in their most common form, complete in the chunk, without making a string. Leaves all other headers
 * unread.
 */
function readUsual(input: FrameInput): number | undefined {
  const { chunk } = input;
  const start = endOf(USUAL, chunk, input.at);
  if (start < 0) return undefined;
  let length = 0;
  let at = start;
  for (; at < start + MOST_DIGITS && isDigit(chunk[at] as number); at++)
    length = length * 10 + (chunk[at] as number) - ZERO;
  const end = endOf(HEADERS_END, chunk, at);
  if (at === start || end < 0) return undefined;
  input.at = end;
  return length;
}

/** Returns the end of `text` in `bytes` if it begins at `at`, or -1. */
function endOf(text: string, bytes: Bytes, at: number): number {
  for (let index = 0; index < text.length; index++) {
    if (bytes[at + index] !== text.charCodeAt(index)) return -1;
  }
  return at + text.length;
}

function lengthIn(fields: readonly Field[]): number {
  let length: string | undefined;
  for (const [name, other] of fields) {
    if (name.toLowerCase() !== "content-length") continue;
    if (length !== undefined && length !== other) throw wrongLength(length, other);
    length = other;
  }
  if (length === undefined) throw new SpillwayError("frame-invalid", "header fields with no Content-Length");
  if (!/^\d+$/.test(length) || !Number.isSafeInteger(Number(length))) throw wrongLength(length);
  return Number(length);
}

/** Returns the error for `values`, which come from the peer: long ones are shortened. */
function wrongLength(...values: string[]): SpillwayError {
  const told = values.map((value) => (value.length > LONGEST_TOLD ? `${value.slice(0, LONGEST_TOLD)}…` : value));
  return new SpillwayError("frame-invalid", `header fields with a Content-Length of ${told.join(" and ")}`);
}

const encoder: Encoder<Payload> = {
  encode(frame: Payload, output: Output): void {
    const payload = payloadBytes(frame);
    output.text(`${USUAL}${payload.length}${HEADERS_END}`);
    output.bytes(payload);
  },
};
