import type { Codec } from "../core/mod.ts";
import { decoded, encoded } from "./decoded.ts";
import { frameText } from "./frame_text.ts";

const utf8 = new TextEncoder();

type ServiceCodec = Codec<unknown, unknown>;

/** How a client writes a value as bytes that the service takes for one frame. */
export type Writing =
  | "the codec"
  | "the codec, of bytes"
  | "the codec, of JSON"
  | "bytes"
  | "bytes and LF"
  | "bytes and CRLF";

/** The ways, the likeliest first. */
const WRITINGS: readonly Writing[] = [
  "the codec",
  "the codec, of bytes",
  "the codec, of JSON",
  "bytes",
  "bytes and LF",
  "bytes and CRLF",
];

/** Writes a value in one way. @throws it cannot be written so */
export function write(codec: ServiceCodec, value: unknown, writing: Writing): Uint8Array {
  switch (writing) {
    case "the codec":
      return encoded(codec, value);
    case "the codec, of bytes":
      return encoded(codec, bytesOf(value));
    case "the codec, of JSON":
      return encoded(codec, JSON.parse(textIn(value)) as unknown);
    case "bytes":
      return bytesOf(value);
    case "bytes and LF":
      return bytesOf(value, "\n");
    case "bytes and CRLF":
      return bytesOf(value, "\r\n");
  }
}

/**
 * Returns how a value becomes one frame of a service whose codec may read and write different frames, or `undefined` if it cannot.
 * The codec's own encoder is right only if the decoder returns what was encoded.
 */
export function writingOf(codec: ServiceCodec, value: unknown): Writing | undefined {
  return WRITINGS.find((writing) => {
    let bytes: Uint8Array;
    try {
      bytes = write(codec, value, writing);
    } catch {
      return false;
    }
    if (bytes.length === 0) return false;
    const { frames, texts, error } = decoded(codec, [bytes]);
    if (frames.length !== 1 || error !== undefined) return false;
    if (writing === "the codec") return isAlike(frames[0], value) || texts[0] === frameText(value);
    if (writing === "the codec, of bytes") return texts[0] === frameText(bytesOf(value));
    return true;
  });
}

/** Objects may come back with defaults filled in. */
function isAlike(one: unknown, other: unknown): boolean {
  return isObject(one) && isObject(other);
}

function isObject(value: unknown): boolean {
  return typeof value === "object" && value !== null && !(value instanceof Uint8Array) && !Array.isArray(value);
}

/** @throws {TypeError} neither a string nor bytes */
function bytesOf(value: unknown, end = ""): Uint8Array {
  if (typeof value === "string") return utf8.encode(unescaped(value) + end);
  if (value instanceof Uint8Array && end === "") return value;
  throw new TypeError("neither a string nor bytes");
}

function textIn(value: unknown): string {
  if (typeof value === "string") return value;
  throw new TypeError("no string");
}

const ESCAPES: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t", "0": "\0", "\\": "\\" };

/** Text that is sent as it is may contain `\r\n` and `\x1e`. */
function unescaped(text: string): string {
  return text.replace(/\\(?:([nrt0\\])|x([\da-f]{2}))/gi, (_, short: string | undefined, hex: string | undefined) =>
    hex === undefined
      ? (ESCAPES[(short as string).toLowerCase()] as string)
      : String.fromCharCode(Number.parseInt(hex, 16)),
  );
}
