import type { Codec, Encoder, Output } from "../codec.ts";
import { SpillwayError } from "../errors.ts";
import { checkCount } from "../limits.ts";
import type { Bytes } from "../transport.ts";
import { ByteQueue } from "./byte_queue.ts";
import { decodeLatin1 } from "./latin1.ts";
import { type Payload, payloadBytes } from "./payload.ts";
import { type Header, PrefixedDecoder } from "./prefixed_decoder.ts";

const HEADERS_END = "\r\n\r\n";
const LONGEST_HEADERS = 4_096;
/** RFC 9110's field names (whose quotes are written as codes for those who read this file as text); printable values. */
const FIELD = /^([!#$%&\x27*+.^_\x60|~0-9a-z-]+):([\t\x20-\x7e]*)$/i;

/** Settings of {@link contentLength}. */
export interface ContentLengthOptions {
  /** The longest body in bytes. At least 1; default 65536. */
  readonly maxFrameBytes?: number;
}

/**
 * Bodies behind header fields, one of which is `Content-Length`: the base protocol of the Language Server Protocol and of
 * JSON-RPC over streams. Other fields are accepted and ignored; at most 4 KiB of them. Headers that are malformed, or that
 * have no single valid length, are `frame-invalid`, and end the connection whatever its policy.
 *
 * A frame is the body, a `Uint8Array`; a reply may be a string too, which is sent as UTF-8.
 *
 * @throws {RangeError} for a `maxFrameBytes` that is not a whole number of at least 1 (or `Infinity`)
 *
 * @example
 * ```ts
 * import { contentLength, json } from "spillway/codecs";
 *
 * const decoder = json(contentLength()).decoder();
 * decoder.push(new TextEncoder().encode('Content-Length: 14\r\n\r\n{"id":1,"a":2}'));
 * console.log(decoder.next()); // { id: 1, a: 2 }
 * ```
 */
export function contentLength(options: ContentLengthOptions = {}): Codec<Bytes, Payload> {
  const max = checkCount("maxFrameBytes", options.maxFrameBytes ?? 65_536);
  return {
    decoder: () => new PrefixedDecoder({ name: "a body", header: new Fields(), max, frame: (bytes) => bytes }),
    encoder: () => encoder,
  };
}

class Fields implements Header {
  /** Not a string: one that grows by a character at a time takes thirty times its bytes on V8. */
  readonly #fields = new ByteQueue();
  /** How much of the blank line that ends the fields was seen. */
  #ending = 0;

  read(byte: number): number | undefined {
    this.#fields.add(byte);
    if (byte === HEADERS_END.charCodeAt(this.#ending)) this.#ending += 1;
    else this.#ending = byte === HEADERS_END.charCodeAt(0) ? 1 : 0;
    if (this.#ending === HEADERS_END.length) return this.#take();
    if (this.#fields.length < LONGEST_HEADERS) return undefined;
    throw new SpillwayError("frame-invalid", `header fields of more than ${LONGEST_HEADERS} bytes`);
  }

  #take(): number {
    this.#ending = 0;
    const text = decodeLatin1(this.#fields.take());
    return lengthIn(text.slice(0, -HEADERS_END.length).split("\r\n"));
  }
}

function lengthIn(lines: readonly string[]): number {
  const lengths = new Set<string>();
  for (const line of lines) {
    const [, name, value = ""] = FIELD.exec(line) ?? [];
    if (name === undefined) throw new SpillwayError("frame-invalid", "a header field that is malformed");
    if (name.toLowerCase() === "content-length") lengths.add(value.trim());
  }
  const [length = ""] = lengths;
  if (lengths.size === 1 && /^\d+$/.test(length) && Number.isSafeInteger(Number(length))) return Number(length);
  const wrong = lengths.size === 0 ? "no Content-Length" : `a Content-Length of ${[...lengths].join(" and ")}`;
  throw new SpillwayError("frame-invalid", `header fields with ${wrong}`);
}

const encoder: Encoder<Payload> = {
  encode(frame: Payload, output: Output): void {
    const payload = payloadBytes(frame);
    output.text(`Content-Length: ${payload.length}${HEADERS_END}`);
    output.bytes(payload);
  },
};
