import { InvalidArgumentError } from "commander";
import { describe, expect, it } from "vitest";
import { parseCodecSpec } from "../../src/cli/codec_spec.ts";
import { OutputBuffer } from "../../src/core/output/output_buffer.ts";

/** Returns the payload as the codec encodes it, byte for byte. */
function encoded(spec: string, payload: string): string {
  const output = new OutputBuffer();
  output.frame(parseCodecSpec(spec).codec({}).encoder(), new TextEncoder().encode(payload));
  let bytes = "";
  while (output.length > 0) bytes += String.fromCharCode(...output.take());
  return bytes;
}

/** The first payload in `input`, each of whose characters is a byte. */
function decoded(spec: string, input: string, limits = {}): string | undefined {
  const decoder = parseCodecSpec(spec).codec(limits).decoder();
  decoder.push(Uint8Array.from(input, (character) => character.charCodeAt(0)));
  const frame = decoder.next();
  return frame && String.fromCharCode(...frame);
}

const FORMS = [
  ["lines", "ab\n"],
  ["lines:crlf", "ab\r\n"],
  ["delimited:0x1e", "ab\x1e"],
  ["delimited:0x0d0A", "ab\r\n"],
  ["delimited:0X1e", "ab\x1e"],
  ["delimited:\\r\\n", "ab\r\n"],
  ["delimited:\\t\\0\\\\\\xfF", "ab\t\0\\\xff"],
  ["delimited:\\x30x1e", "ab0x1e"],
  ["delimited:,", "ab,"],
  ["delimited::", "ab:"],
  ["delimited:\n", "ab\n"],
  ["delimited:§", "ab\xc2\xa7"],
  ["delimited:END", "abEND"],
  ["fixed:2", "ab"],
  ["u8", "\x02ab"],
  ["u16be", "\0\x02ab"],
  ["u16le", "\x02\0ab"],
  ["u24be", "\0\0\x02ab"],
  ["u24le", "\x02\0\0ab"],
  ["u32be", "\0\0\0\x02ab"],
  ["u32le", "\x02\0\0\0ab"],
  ["u48be", "\0\0\0\0\0\x02ab"],
  ["u48le", "\x02\0\0\0\0\0ab"],
  ["u64be", "\0\0\0\0\0\0\0\x02ab"],
  ["u64le", "\x02\0\0\0\0\0\0\0ab"],
  ["varint", "\x02ab"],
  ["netstring", "2:ab,"],
  ["octet", "2 ab"],
  ["octet:\\0", "2 ab"],
  ["octet:0x0a00", "2 ab"],
  ["content-length", "Content-Length: 2\r\n\r\nab"],
  ["bytes", "ab"],
] as const;

const hasNoLongest = (spec: string) => spec.startsWith("fixed") || spec === "bytes";

describe("a codec", () => {
  it.each([
    ["octet", "<1>a\0", "<1>a"],
    ["octet", "<1>a\n", "<1>a"],
    ["octet:\\0", "<1>a\n\0", "<1>a\n"],
    ["octet:0x0a3b", "<1>a;", "<1>a"],
    ["lines:crlf", "ab\n", "ab"],
  ])("%j reads %j as %j", (spec, bytes, payload) => {
    expect(decoded(spec, bytes)).toBe(payload);
  });

  it.each(FORMS)("%j marks frames as in %j", (spec, bytes) => {
    expect(encoded(spec, "ab")).toBe(bytes);
    expect(decoded(spec, bytes)).toBe("ab");
    expect(parseCodecSpec(spec)).toMatchObject({ text: spec, fixed: hasNoLongest(spec) });
  });

  it.each(FORMS.filter(([spec]) => !hasNoLongest(spec)))("%j has a longest frame", (spec, bytes) => {
    expect(decoded(spec, bytes, { maxFrameBytes: 2 })).toBe("ab");
    expect(() => decoded(spec, bytes, { maxFrameBytes: 1 })).toThrow("of more than 1 bytes");
  });
});

const ANY_OF = "write lines, lines:crlf, delimited:0x1e, delimited:'\\r\\n', fixed:16, u8, u16be";

describe("parseCodecSpec", () => {
  it.each([
    ["", ANY_OF],
    ["line", ANY_OF],
    ["Lines", ANY_OF],
    [" lines", ANY_OF],
    ["lines:", ANY_OF],
    ["toString", ANY_OF],
    ["int16", ANY_OF],
    ["netstring:5", ANY_OF],
    ["lines:lf", ANY_OF],
    ["bytes:", ANY_OF],
    ["octet:", "write a delimiter"],
    ["octet:5", "no digit"],
    ["u16", ANY_OF],
    ["u8be", ANY_OF],
    ["u40be", ANY_OF],
    ["u16be:", ANY_OF],
    ["u16BE", ANY_OF],
    ["delimited", ANY_OF],
    ["fixed", ANY_OF],
    ["delimited:", "write a delimiter"],
    ["delimited:\\", "write a delimiter"],
    ["delimited:\\q", "write a delimiter"],
    ["delimited:\\x1", "write a delimiter"],
    ["delimited:\\X1e", "write a delimiter"],
    ["delimited:0x", "two hexadecimal digits each"],
    ["delimited:0X", "two hexadecimal digits each"],
    ["delimited:0x1", "two hexadecimal digits each"],
    ["delimited:0x1g", "two hexadecimal digits each"],
    ["delimited:0x1e,0x0a", "two hexadecimal digits each"],
    [`delimited:${"x".repeat(2_048)}`, "at most 2047 bytes"],
    ["fixed:", "write the number of bytes of a frame"],
    ["fixed:0", "write the number of bytes of a frame"],
    ["fixed:-1", "write the number of bytes of a frame"],
    ["fixed:1.5", "write the number of bytes of a frame"],
    ["fixed:0x10", "write the number of bytes of a frame"],
    ["fixed:off", "write the number of bytes of a frame"],
    ["fixed:9007199254740993", "write the number of bytes of a frame"],
  ])("refuses %j, which is no codec", (spec, why) => {
    expect(() => parseCodecSpec(spec)).toThrow(InvalidArgumentError);
    expect(() => parseCodecSpec(spec)).toThrow(why);
  });
});
