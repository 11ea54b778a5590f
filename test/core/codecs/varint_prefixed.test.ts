import { describe, expect, it } from "vitest";
import { varintPrefixed } from "../../../src/core/codecs/mod.ts";
import { raw, textOf } from "./support/byte_strings.ts";
import { encode, refusal } from "./support/encode.ts";
import { everyChunking } from "./support/every_chunking.ts";
import { agrees, anyBytes, roundTrips } from "./support/properties.ts";
import { type Prefix, splitPrefixed } from "./support/split_prefixed.ts";
import { VARINT_PREFIXED_TABLE } from "./support/varint_prefixed_table.ts";

describe("varintPrefixed decoder", () => {
  it.each(VARINT_PREFIXED_TABLE)("gives the same frames, however the input is cut: $name", ({ codec, input, gives }) =>
    everyChunking(codec, input, gives),
  );
});

function prefixAt(input: string, at: number): Prefix {
  const bytes = /^[\x80-\xff]*[\0-\x7f]?/.exec(input.slice(at))?.[0] ?? "";
  if (bytes.length >= 5 && (bytes.length > 5 || bytes.charCodeAt(4) > 0x0f)) return "invalid";
  if (!/[\0-\x7f]$/.test(bytes)) return "cut off";
  const length = raw(bytes).reduceRight((sum, byte) => sum * 128 + (byte & 0x7f), 0);
  return { start: at + bytes.length, length };
}

describe("varintPrefixed against a model", () => {
  it.each([1, 4, 300, Infinity])("with a limit of %d", (max) => {
    const pieces = [
      "\0",
      "\x01",
      "\x02",
      "\x05",
      "\x80",
      "\x82",
      "\x80\0",
      "\xff\xff\xff\xff",
      "\x0f",
      "\x10",
      "abcde",
    ];
    agrees(varintPrefixed({ maxFrameBytes: max }), pieces, (input) => splitPrefixed(input, { max, prefixAt }));
  });
});

describe("varintPrefixed encoder", () => {
  it.each([
    [0, "\0"],
    [127, "\x7f"],
    [128, "\x80\x01"],
    [300, "\xac\x02"],
    [16_383, "\xff\x7f"],
    [16_384, "\x80\x80\x01"],
    [2 ** 21, "\x80\x80\x80\x01"],
  ])("writes a length of %d in as few bytes as it takes", (length, prefix) => {
    const sent = encode(varintPrefixed(), [new Uint8Array(length)]);
    expect(textOf(sent.subarray(0, sent.length - length))).toBe(prefix);
  });

  it.each([[42], [null], [undefined], [{}], [[1]]])("refuses %o as a frame", (frame) => {
    expect(refusal(varintPrefixed(), frame)).toMatchObject({ error: { code: "reply-invalid" }, bytes: 0 });
  });

  it("is undone by the decoder", () => roundTrips(varintPrefixed(), anyBytes(300)));
});
