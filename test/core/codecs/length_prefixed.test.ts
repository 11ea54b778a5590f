import { describe, expect, it } from "vitest";
import { type LengthPrefixedOptions, lengthPrefixed } from "../../../src/core/codecs/mod.ts";
import { raw, textOf } from "./support/byte_strings.ts";
import { decode, INVALID, TOO_LARGE } from "./support/decode.ts";
import { encode, refusal } from "./support/encode.ts";
import { everyChunking } from "./support/every_chunking.ts";
import { LENGTH_PREFIXED_TABLE } from "./support/length_prefixed_table.ts";
import { agrees, anyBytes, roundTrips } from "./support/properties.ts";
import { type Prefix, splitPrefixed } from "./support/split_prefixed.ts";

describe("lengthPrefixed decoder", () => {
  it.each(LENGTH_PREFIXED_TABLE)("gives the same frames, however the input is cut: $name", ({ codec, input, gives }) =>
    everyChunking(codec, input, gives),
  );
});

/** Reads a length as a BigInt. */
function prefixIn(options: LengthPrefixedOptions): (input: string, at: number) => Prefix {
  const { width, endian = "big", lengthOffset = 0, lengthAdjustment = 0, includesHeader = false } = options;
  return (input, at) => {
    const start = at + lengthOffset + width;
    if (start > input.length) return "cut off";
    const bytes = Array.from(raw(input.slice(at + lengthOffset, start)));
    const digits = endian === "big" ? bytes : bytes.toReversed();
    const length = digits.reduce((sum, byte) => sum * 256n + BigInt(byte), 0n);
    const body = length + BigInt(lengthAdjustment) - BigInt(includesHeader ? lengthOffset + width : 0);
    return length > BigInt(Number.MAX_SAFE_INTEGER) || body < 0n ? "invalid" : { start, length: Number(body) };
  };
}

const WIDTHS = [1, 2, 3, 4, 6, 8] as const;
const LAYOUTS: readonly LengthPrefixedOptions[] = WIDTHS.flatMap((width) =>
  (["big", "little"] as const).flatMap((endian) => [
    { width, endian },
    { width, endian, lengthOffset: 2, lengthAdjustment: 1 },
    { width, endian, includesHeader: true, stripHeader: false },
    { width, endian, lengthOffset: 1, lengthAdjustment: -2, stripHeader: false },
  ]),
);

describe("lengthPrefixed against a model", () => {
  it.each(LAYOUTS)("splits as the model does with %j", (options) => {
    const keepHeader = options.stripHeader === false;
    const pieces = ["\0", "\0\0", "\0\0\0\0\0", "\x01", "\x02", "\x05", "\x08", "\xff", "a", "bcdefg"];
    for (const max of [3, Infinity]) {
      agrees(lengthPrefixed({ ...options, maxFrameBytes: max }), pieces, (input) =>
        splitPrefixed(input, { max, keepHeader, prefixAt: prefixIn(options) }),
      );
    }
  });
});

describe("lengthPrefixed: a length that cannot be", () => {
  it.each([
    ["too large", { width: 4, maxFrameBytes: 10 }, "\0\0\0\x0b", TOO_LARGE],
    ["negative", { width: 4, lengthAdjustment: -1 }, "\0\0\0\0", INVALID],
    ["above 2^53 - 1", { width: 8 }, "\xff\0\0\0\0\0\0\0", INVALID],
  ] as const)("%s: is refused with its last byte, before any payload", (_name, options, header, error) => {
    const decoder = lengthPrefixed(options).decoder();
    decoder.push(raw(header));
    expect(() => decoder.next()).toThrow(expect.objectContaining({ code: error.slice(1) }));
  });
});

describe("lengthPrefixed encoder", () => {
  it.each([
    ["big-endian", { width: 2 }, "abc", "\0\x03abc"],
    ["little-endian", { width: 3, endian: "little" }, "abc", "\x03\0\0abc"],
    ["8 bytes", { width: 8 }, "a", "\0\0\0\0\0\0\0\x01a"],
    ["zeros before the length", { width: 1, lengthOffset: 3 }, "ab", "\0\0\0\x02ab"],
    ["the header included", { width: 2, lengthOffset: 1, includesHeader: true }, "ab", "\0\0\x05ab"],
    ["an adjustment upwards", { width: 1, lengthAdjustment: 2 }, "abc", "\x01abc"],
    ["an adjustment downwards", { width: 1, lengthAdjustment: -2 }, "abc", "\x05abc"],
    [
      "with its header, the length overwritten",
      { width: 2, lengthOffset: 1, stripHeader: false },
      "x??abc",
      "x\0\x03abc",
    ],
    ["2^53 - 1", { width: 8, lengthAdjustment: -(2 ** 53 - 2) }, "a", "\0\x1f\xff\xff\xff\xff\xff\xffa"],
    ["text as UTF-8", { width: 1 }, "é", "\x02\xc3\xa9"],
  ] as const)("writes the length as laid out: %s", (_name, options, frame, bytes) => {
    expect(textOf(encode(lengthPrefixed(options), [frame]))).toBe(bytes);
  });

  it("does not change the frame whose length it overwrites", () => {
    const frame = raw("??abc");
    encode(lengthPrefixed({ width: 2, stripHeader: false }), [frame]);
    expect(textOf(frame)).toBe("??abc");
  });

  it.each([
    [1, {}, 255],
    [2, {}, 65_535],
    [1, { includesHeader: true }, 254],
    [1, { lengthAdjustment: 10 }, 265],
    [1, { lengthAdjustment: -10 }, 245],
    [1, { lengthOffset: 4, includesHeader: true }, 250],
  ] as const)("width %d, %j: a payload of %d bytes fits, one more is refused", (width, options, most) => {
    const codec = lengthPrefixed({ width, ...options, maxFrameBytes: Infinity });
    expect(decode(codec, [encode(codec, [new Uint8Array(most)])])).toEqual(["\0".repeat(most)]);
    expect(refusal(codec, new Uint8Array(most + 1))).toMatchObject({ error: { code: "reply-invalid" }, bytes: 0 });
  });

  it.each([
    ["shorter than the adjustment", { width: 1, lengthAdjustment: 2 }, "a"],
    ["of a length above 2^53 - 1", { width: 8, lengthAdjustment: -(2 ** 53 - 1) }, "a"],
    [
      "of a length above 2^53 - 1, with its header",
      { width: 8, lengthAdjustment: -(2 ** 53 - 1), includesHeader: true },
      "",
    ],
    ["shorter than its own header", { width: 2, lengthOffset: 1, stripHeader: false }, "ab"],
    ["a number", { width: 1 }, 42],
    ["null", { width: 1 }, null],
    ["nothing", { width: 1 }, undefined],
  ] as const)("refuses what is %s, and puts nothing out", (_name, options, frame) => {
    expect(refusal(lengthPrefixed(options), frame)).toMatchObject({ error: { code: "reply-invalid" }, bytes: 0 });
  });

  it.each(LAYOUTS.filter(({ stripHeader }) => stripHeader !== false))("is undone by the decoder: %j", (options) => {
    roundTrips(lengthPrefixed(options), anyBytes(300));
  });

  it.each(LAYOUTS.filter(({ stripHeader }) => stripHeader === false))(
    "encodes what was decoded to the same: %j",
    (options) => {
      const codec = lengthPrefixed(options);
      const given = encode(codec, ["header....", "header....abc"]);
      const decoder = codec.decoder();
      decoder.push(given.slice());
      const frames = [decoder.next(), decoder.next()].filter((frame) => frame !== undefined);
      expect(frames).toHaveLength(2);
      expect(textOf(encode(codec, frames))).toBe(textOf(given));
    },
  );
});
