import { describe, expect, it } from "vitest";
import { netstrings } from "../../../src/core/codecs/mod.ts";
import { textOf } from "./support/byte_strings.ts";
import { encode, refusal } from "./support/encode.ts";
import { everyChunking } from "./support/every_chunking.ts";
import { NETSTRINGS_TABLE } from "./support/netstrings_table.ts";
import { agrees, anyBytes, roundTrips } from "./support/properties.ts";
import { decimalPrefix, splitPrefixed } from "./support/split_prefixed.ts";

describe("netstrings decoder", () => {
  it.each(NETSTRINGS_TABLE)("gives the same frames, however the input is cut: $name", ({ codec, input, gives }) =>
    everyChunking(codec, input, gives),
  );
});

describe("netstrings against a model", () => {
  it.each([1, 4, 10, Infinity])("with a limit of %d", (max) => {
    const pieces = ["1:a,", "2:ok,", "3:", "5:", "10:", "0:,", "0", "abc", "defgh", ",", ":", "7", "\xff"];
    const prefixAt = (input: string, at: number) => decimalPrefix(input, at, ":");
    agrees(netstrings({ maxFrameBytes: max }), pieces, (input) =>
      splitPrefixed(input, { max, trailer: ",", prefixAt }),
    );
  });
});

describe("netstrings encoder", () => {
  it("counts the bytes, not the characters", () => {
    expect(textOf(encode(netstrings(), ["", "é,", Uint8Array.of(0, 0x3a)]))).toBe("0:,3:\xc3\xa9,,2:\0:,");
  });

  it.each([[42], [null], [undefined], [{}], [[1]]])("refuses %o as a frame", (frame) => {
    expect(refusal(netstrings(), frame)).toMatchObject({ error: { code: "reply-invalid" }, bytes: 0 });
  });

  it("is undone by the decoder", () => roundTrips(netstrings(), anyBytes(300)));
});
