import { describe, expect, it } from "vitest";
import { fixedLength } from "../../../src/core/codecs/mod.ts";
import { textOf } from "./support/byte_strings.ts";
import { encode, refusal } from "./support/encode.ts";
import { everyChunking } from "./support/every_chunking.ts";
import { FIXED_LENGTH_TABLE } from "./support/fixed_length_table.ts";
import { anyBytes, roundTrips } from "./support/properties.ts";

describe("fixedLength decoder", () => {
  it.each(FIXED_LENGTH_TABLE)("gives the same frames, however the input is cut: $name", ({ codec, input, gives }) =>
    everyChunking(codec, input, gives),
  );
});

describe("fixedLength encoder", () => {
  const codec = fixedLength({ bytes: 3 });

  it("writes frames as they are", () => {
    expect(textOf(encode(codec, ["abc", "€", Uint8Array.of(0, 1, 255)]))).toBe("abc\xe2\x82\xac\0\x01\xff");
  });

  it.each([[""], ["ab"], ["abcd"], ["äé"], [new Uint8Array(2)], [42], [null], [undefined], [{}]])(
    "refuses %o as a frame",
    (frame) => {
      expect(refusal(codec, frame)).toMatchObject({ error: { code: "reply-invalid" }, bytes: 0 });
    },
  );

  it("is undone by the decoder", () => roundTrips(codec, anyBytes(4)));
});

it.each([0, Infinity])("fixedLength refuses %s without another way to say it", (length) => {
  const message = `bytes must be a whole number of at least 1, not ${length}`;
  expect(() => fixedLength({ bytes: length })).toThrow(new RangeError(message));
});
