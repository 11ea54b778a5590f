import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type IntegerOptions, int16, int32 } from "../../../src/core/codecs/mod.ts";
import { textOf } from "./support/byte_strings.ts";
import { encode, refusal } from "./support/encode.ts";
import { everyChunking } from "./support/every_chunking.ts";
import { INTEGERS_TABLE } from "./support/integers_table.ts";
import { roundTrips } from "./support/properties.ts";

describe("int16 and int32 decoder", () => {
  it.each(INTEGERS_TABLE)("gives the same frames, however the input is cut: $name", ({ codec, input, gives }) =>
    everyChunking(codec, input, gives),
  );
});

const KINDS = [
  { name: "int16", codec: int16, bits: 16 },
  { name: "int32", codec: int32, bits: 32 },
].flatMap(({ name, codec, bits }) =>
  [true, false].flatMap((signed) =>
    (["big", "little"] as const).map((endian) => ({
      name: `${name}, ${signed ? "signed" : "unsigned"}, ${endian}-endian`,
      codec: codec({ endian, signed } satisfies IntegerOptions),
      least: signed ? -(2 ** (bits - 1)) : 0,
      most: 2 ** (signed ? bits - 1 : bits) - 1,
      width: bits / 8,
    })),
  ),
);

describe.each(KINDS)("$name: the encoder", ({ codec, least, most, width }) => {
  it("takes its range", () => {
    for (const number of [least, least + 1, -0, 1, most - 1, most]) expect(encode(codec, [number])).toHaveLength(width);
  });

  it.each([
    [least - 1],
    [most + 1],
    [0.5],
    [most - 0.5],
    [Number.NaN],
    [Infinity],
    [-Infinity],
    [2 ** 53],
    ["1"],
    [1n],
    [true],
    [null],
    [undefined],
    [Symbol("1")],
    [Object.create(null)],
  ])("refuses %s as a number", (number) => {
    expect(refusal(codec, number)).toMatchObject({ error: { code: "reply-invalid" }, bytes: 0 });
  });

  it("is undone by the decoder", () => roundTrips(codec, fc.integer({ min: least, max: most })));
});

it("writes two's complement, the most significant byte first unless told otherwise", () => {
  expect(textOf(encode(int16(), [-2, 258]))).toBe("\xff\xfe\x01\x02");
  expect(textOf(encode(int16({ endian: "little" }), [-2, 258]))).toBe("\xfe\xff\x02\x01");
  expect(textOf(encode(int32({ signed: false }), [0xfedcba98]))).toBe("\xfe\xdc\xba\x98");
});
