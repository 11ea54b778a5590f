import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { lines, mapCodec, netstrings, text } from "../../../src/core/codecs/mod.ts";
import { textOf } from "./support/byte_strings.ts";
import { encode, faultText, refusal } from "./support/encode.ts";
import { everyChunking } from "./support/every_chunking.ts";
import { roundTrips } from "./support/properties.ts";
import { TEXT_TABLE } from "./support/text_table.ts";

describe("text decoder", () => {
  it.each(TEXT_TABLE)("gives the same frames, however the input is cut: $name", ({ codec, input, gives }) =>
    everyChunking(codec, input, gives),
  );
});

describe("text encoder", () => {
  it("writes UTF-8, or latin1 byte for byte", () => {
    expect(textOf(encode(text(netstrings()), ["é€"]))).toBe("5:\xc3\xa9\xe2\x82\xac,");
    expect(textOf(encode(text(netstrings(), "latin1"), ["é\x80"]))).toBe("2:\xe9\x80,");
  });

  it.each([[new Uint8Array(1)], [42], [null], [undefined], [{}], [["a"]]])("refuses %o, in each encoding", (frame) => {
    for (const encoding of ["utf-8", "latin1"] as const) {
      expect(refusal(text(netstrings(), encoding), frame)).toMatchObject({
        error: { code: "reply-invalid" },
        bytes: 0,
      });
    }
  });

  it("refuses what latin1 lacks", () => {
    expect(refusal(text(netstrings(), "latin1"), "a€")).toMatchObject({ error: { code: "reply-invalid" }, bytes: 0 });
  });

  it("has the fault frame of the codec below", () => {
    const bytes = lines({ encoding: "bytes" });
    const below = mapCodec(bytes, {
      decode: (line) => line,
      encode: (line: Uint8Array | string) => line as Uint8Array,
    });
    expect(faultText(text(below).encoder(), "idle-timeout")).toBe("error: idle-timeout\n");
    expect(faultText(text(netstrings()).encoder(), "idle-timeout")).toBeUndefined();
  });

  it("is undone by the decoder", () => {
    roundTrips(text(netstrings(), "utf-8", { fatal: true }), fc.string({ unit: "binary" }));
    roundTrips(
      text(netstrings(), "latin1"),
      fc.string({ unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)) }),
    );
  });
});
