import { describe, expect, it } from "vitest";
import { delimited } from "../../../src/core/codecs/mod.ts";
import type { Bytes } from "../../../src/core/mod.ts";
import { raw, textOf } from "./support/byte_strings.ts";
import { CUT, CUT_OFF, decode, TOO_LARGE, truncating } from "./support/decode.ts";
import { DELIMITED_TABLE } from "./support/delimited_table.ts";
import { encode, refusal } from "./support/encode.ts";
import { everyChunking } from "./support/every_chunking.ts";
import { agrees, anyBytes, roundTrips } from "./support/properties.ts";

describe("delimited decoder", () => {
  it.each(DELIMITED_TABLE)("gives the same frames, however the input is cut: $name", ({ codec, input, gives }) =>
    everyChunking(codec, input, gives),
  );
});

/** The handling of a frame that is too long, and of the last one. */
type Mode = "reject" | "truncate" | "deliver";

/** Computed from the whole input in the most obvious way: at each byte, whether the longest that could end here does. */
function splitDelimited(bytes: Bytes, delimiters: readonly string[], max: number, mode: Mode): string[] {
  const tooLarge = (frame: string) => (mode === "truncate" ? `${frame.slice(0, max)}${CUT}` : TOO_LARGE);
  const input = textOf(bytes);
  const longestFirst = delimiters.toSorted((one, other) => other.length - one.length);
  const given: string[] = [];
  let start = 0;
  for (let end = 1; end <= input.length; end++) {
    const found = longestFirst.find((delimiter) => input.slice(start, end).endsWith(delimiter));
    if (found === undefined) continue;
    const frame = input.slice(start, end - found.length);
    given.push(frame.length > max ? tooLarge(frame) : frame);
    start = end;
  }
  const rest = input.slice(start);
  if (rest === "") return given;
  if (mode === "deliver") return [...given, rest.length > max ? tooLarge(rest) : rest];
  const begun = Math.max(...delimiters.map((delimiter) => begunAt(rest, delimiter)));
  return rest.length - begun > max ? [...given, tooLarge(rest), CUT_OFF] : [...given, CUT_OFF];
}

/** How much of a delimiter's beginning stands at the end. */
function begunAt(rest: string, delimiter: string): number {
  for (let length = delimiter.length - 1; length > 0; length--) {
    if (rest.endsWith(delimiter.slice(0, length))) return length;
  }
  return 0;
}

describe("delimited against a model", () => {
  it.each([
    [["\r\n"]],
    [["aab"]],
    [["abab"]],
    [["aa"]],
    [["\n", "\r\n"]],
    [["ab", "b"]],
    [["abc", "bcd", "cde", "d"]],
    [["aba", "bab"]],
    [["\r\n.\r\n", "aa", "aab"]],
    [["abcab", "cabc", "bca", "ca"]],
  ])("splits as the model does at %j", (delimiters) => {
    const pieces = ["a", "b", "c", "d", "e", "ab", "\r", "\n", "\r\n", ".", "xyz", ...delimiters];
    for (const max of [1, 3, 8, Infinity]) {
      const options = { delimiter: delimiters, maxFrameBytes: max };
      agrees(delimited(options), pieces, (input) => splitDelimited(input, delimiters, max, "reject"));
      agrees(truncating(delimited(options)), pieces, (input) => splitDelimited(input, delimiters, max, "truncate"));
      agrees(delimited({ ...options, unterminated: "deliver" }), pieces, (input) =>
        splitDelimited(input, delimiters, max, "deliver"),
      );
    }
  });
});

describe("delimited: too large", () => {
  it("is reported as soon as it is certain, without the rest of the frame", () => {
    const decoder = delimited({ delimiter: "\r\n", maxFrameBytes: 4 }).decoder();
    decoder.push(raw("abcd\r"));
    expect(decoder.next()).toBeUndefined();
    decoder.push(raw("\r"));
    expect(() => decoder.next()).toThrow(expect.objectContaining({ code: "frame-too-large" }));
    expect([decoder.next(), decoder.midFrame]).toEqual([undefined, true]);
    decoder.push(raw("\n"));
    expect([decoder.next(), decoder.midFrame]).toEqual([undefined, false]);
  });
});

it("a delimiter that is changed afterwards is still the one that was given", () => {
  const delimiter = Uint8Array.of(0x7c);
  const codec = delimited({ delimiter });
  delimiter[0] = 0x61;
  expect(textOf(encode(codec, ["a"]))).toBe("a|");
  expect(decode(codec, [raw("a|")])).toEqual(["a"]);
});

describe("delimited encoder", () => {
  it("ends each frame with the first delimiter", () => {
    expect(textOf(encode(delimited({ delimiter: ["\r\n", "\n"] }), ["é", "", Uint8Array.of(0xff)]))).toBe(
      "\xc3\xa9\r\n\r\n\xff\r\n",
    );
  });

  it.each([
    ["the delimiter", ["|"], "a|b"],
    ["the delimiter at the end", ["|"], "a|"],
    ["only the delimiter", ["|"], "|"],
    ["another delimiter", ["\r\n", "\n"], "a\nb"],
    ["what would end one byte early", ["aa"], "xa"],
    ["what would make it another one's end", ["b", "ab"], "xa"],
    ["a beginning that the delimiter completes", ["abab"], "xab"],
    ["a number", ["|"], 42],
    ["null", ["|"], null],
    ["an array", ["|"], [1]],
  ])("refuses %s, and puts nothing out", (_name, delimiter, frame) => {
    expect(refusal(delimited({ delimiter }), frame)).toMatchObject({ error: { code: "reply-invalid" }, bytes: 0 });
  });

  it("takes what only looks like a delimiter", () => {
    expect(textOf(encode(delimited({ delimiter: "\r\n" }), ["a\r", "\n", "\r\r"]))).toBe("a\r\r\n\n\r\n\r\r\r\n");
  });

  it("is undone by the decoder", () => {
    roundTrips(delimited({ delimiter: "\0" }), anyBytes(300));
    const few = anyBytes(6).map((bytes) => bytes.map((byte) => 0x61 + (byte % 3)));
    for (const delimiter of ["aab", "abab", ["ab", "ca"], ["abc", "ccc"]]) roundTrips(delimited({ delimiter }), few);
  });
});
