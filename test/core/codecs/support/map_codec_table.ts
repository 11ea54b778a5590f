import { lines, mapCodec, netstrings } from "../../../../src/core/codecs/mod.ts";
import { SpillwayError } from "../../../../src/core/mod.ts";
import { utf8 } from "./byte_strings.ts";
import { CUT_OFF, INVALID, LOST, TOO_LARGE } from "./decode.ts";
import type { CodecCase } from "./every_chunking.ts";

/** Whole numbers; `none` is decoded to undefined. */
const toNumber = (text: string): number | undefined => {
  if (text === "none") return undefined;
  if (text === "large") throw new SpillwayError("frame-too-large", "of ours");
  if (text === "thrown") throw undefined;
  if (!/^\d+$/.test(text)) throw new Error("not a number");
  return Number(text);
};
const numbers = mapCodec(lines({ maxFrameBytes: 8 }), { decode: toNumber, encode: String });

export const MAP_CODEC_TABLE: readonly CodecCase[] = [
  { name: "other frames", codec: numbers, input: utf8("1\n0\r\n42\n"), gives: ["1", "0", "42"] },
  {
    name: "what is thrown makes that frame invalid",
    codec: numbers,
    input: utf8("1\nx\nthrown\n2\n"),
    gives: ["1", INVALID, INVALID, "2"],
  },
  {
    name: "an error of ours says itself what it is",
    codec: numbers,
    input: utf8("large\n2\n"),
    gives: [TOO_LARGE, "2"],
  },
  { name: "undefined is no frame", codec: numbers, input: utf8("none\n2\n"), gives: [INVALID, "2"] },
  {
    name: "errors of the codec below",
    codec: numbers,
    input: utf8("123456789\n2\n3"),
    gives: [TOO_LARGE, "2", CUT_OFF],
  },
  {
    name: "lost with the codec below",
    codec: mapCodec(netstrings(), { decode: (bytes) => bytes.length, encode: (length: number) => "x".repeat(length) }),
    input: utf8("3:abc,0:,01:"),
    gives: ["3", "0", INVALID, LOST],
  },
  {
    name: "one over the other",
    codec: mapCodec(numbers, { decode: (number) => (number ?? 0) * 2, encode: (number: number) => number / 2 }),
    input: utf8("4\nx\n5\n"),
    gives: ["8", INVALID, "10"],
  },
];
