/** The value of `--codec`: a framing and its one setting, such as `delimited:0x1e`. */
import { InvalidArgumentError } from "commander";
import {
  bytes,
  type Codec,
  contentLength,
  delimited,
  fixedLength,
  type LengthPrefixedOptions,
  lengthPrefixed,
  lines,
  netstrings,
  octetCounted,
  varintPrefixed,
} from "../core/codecs/mod.ts";
import type { Bytes } from "../mod.ts";
import { firstLine } from "./failure.ts";
import { parseWholeNumber } from "./option_values.ts";

/** The longest payload, for codecs that have such a limit. */
interface Limits {
  readonly maxFrameBytes?: number;
}

type ByteCodec = Codec<Bytes, Uint8Array>;

/** A codec that the user chose. */
export interface CodecSpec {
  /** The specification, as the user wrote it. */
  readonly text: string;
  /** Whether frames have no maximum length and no room for a prefix: all frames have one length, or frames have no end. */
  readonly fixed: boolean;
  codec(limits: Limits): ByteCodec;
}

const ALLOWED = `write lines, lines:crlf, delimited:0x1e, delimited:'\\r\\n', fixed:16, u8, u16be or u16le (also u24, u32, u48, u64), varint, netstring, octet, octet:'\\0', content-length or bytes`;

const PLAIN: Readonly<Record<string, (limits: Limits) => ByteCodec>> = {
  lines: (limits) => lines({ ...limits, encoding: "bytes" }),
  "lines:crlf": (limits) => lines({ ...limits, encoding: "bytes", terminator: "\r\n" }),
  varint: varintPrefixed,
  netstring: netstrings,
  octet: (limits) => octetCounted(limits),
  "content-length": contentLength,
};

const ESCAPES: Readonly<Record<string, string>> = { "\\": "\\", n: "\n", r: "\r", t: "\t", "0": "\0" };

/** The specifications, for completion: those that end with a colon need a setting. */
export const CODEC_NAMES: readonly string[] = [
  ...Object.keys(PLAIN),
  "delimited:",
  "fixed:",
  "octet:",
  "u8",
  ...["u16", "u24", "u32", "u48", "u64"].flatMap((prefix) => [`${prefix}be`, `${prefix}le`]),
  "bytes",
];

/** Parses the specification of a codec. @throws {InvalidArgumentError} an unknown codec, or an invalid setting */
export function parseCodecSpec(text: string): CodecSpec {
  const [, name = "", setting] = /^([^:]*)(?::(.*))?$/s.exec(text) ?? [];
  if (name === "delimited" && setting !== undefined) return delimitedSpec(text, setting);
  if (name === "fixed" && setting !== undefined) return fixedSpec(text, setting);
  if (name === "octet" && setting !== undefined) return octetSpec(text, setting);
  if (text === "bytes") return { text, fixed: true, codec: () => bytes() };
  const make = Object.hasOwn(PLAIN, text) ? PLAIN[text] : prefixed(text);
  if (make === undefined) throw new InvalidArgumentError(ALLOWED);
  return { text, fixed: false, codec: make };
}

function delimitedSpec(text: string, setting: string): CodecSpec {
  const delimiter = bytesIn(setting);
  return checked({ text, fixed: false, codec: (limits) => delimited({ ...limits, delimiter }) });
}

/** Each byte of the setting ends a message in non-transparent framing, where messages carry no octet count. */
function octetSpec(text: string, setting: string): CodecSpec {
  const delimiter = Array.from(bytesIn(setting), (byte) => Uint8Array.of(byte));
  return checked({ text, fixed: false, codec: (limits) => octetCounted({ ...limits, delimiter }) });
}

/** Returns `spec`. @throws {InvalidArgumentError} an invalid setting */
function checked(spec: CodecSpec): CodecSpec {
  try {
    spec.codec({});
    return spec;
  } catch (error) {
    throw new InvalidArgumentError(firstLine(error));
  }
}

function bytesIn(setting: string): Bytes {
  return /^0x/i.test(setting) ? hexBytes(setting.slice(2)) : escapedBytes(setting);
}

function fixedSpec(text: string, setting: string): CodecSpec {
  const length = parseWholeNumber(setting) ?? 0;
  if (length === 0)
    throw new InvalidArgumentError("write the number of bytes of a frame, at least 1, such as fixed:16");
  return { text, fixed: true, codec: () => fixedLength({ bytes: length }) };
}

/** Parses a length prefix: `u16be` is an unsigned length of 16 bits. A single byte has no byte order. */
function prefixed(text: string): ((limits: Limits) => ByteCodec) | undefined {
  const [, byte, bits = byte, order = "be"] = /^u(?:(8)|(16|24|32|48|64)(be|le))$/.exec(text) ?? [];
  if (bits === undefined) return undefined;
  const width = (Number(bits) / 8) as LengthPrefixedOptions["width"];
  const endian = order === "be" ? "big" : "little";
  return (limits) => lengthPrefixed({ ...limits, width, endian });
}

function hexBytes(digits: string): Bytes {
  if (!/^(?:[\da-f]{2})+$/i.test(digits)) {
    throw new InvalidArgumentError("write the delimiter as whole bytes, two hexadecimal digits each, such as 0x0d0a");
  }
  return Uint8Array.from({ length: digits.length / 2 }, (_, index) =>
    parseInt(digits.slice(2 * index, 2 * index + 2), 16),
  );
}

/** Encodes text as UTF-8; each escape stands for one byte. */
function escapedBytes(text: string): Bytes {
  if (!/^(?:[^\\]|\\[\\nrt0]|\\x[\da-fA-F]{2})+$/su.test(text)) {
    throw new InvalidArgumentError(
      "write a delimiter; it may contain \\r, \\n, \\t, \\0, \\\\ and \\x1e, each for one byte",
    );
  }
  const parts = text.match(/\\x..|\\.|[^\\]+/gs) ?? [];
  return Uint8Array.from(parts.flatMap((part) => [...partBytes(part)]));
}

function partBytes(part: string): Bytes {
  if (part.startsWith("\\x")) return hexBytes(part.slice(2));
  return new TextEncoder().encode(part.startsWith("\\") ? ESCAPES[part.slice(1)] : part);
}
