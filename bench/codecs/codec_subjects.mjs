// @ts-check
// The codecs that are measured, each with the naive way to do the same, and a frame.
import {
  contentLength,
  delimited,
  fixedLength,
  int16,
  int32,
  json,
  lengthPrefixed,
  lines,
  netstrings,
  octetCounted,
  text,
  varintPrefixed,
} from "../../dist/core/codecs/mod.js";
import { mapped } from "./naive/concat.mjs";
import { naiveDelimited, naiveTextLines } from "./naive/delimited.mjs";
import { naiveFixedLength, naiveInt16, naiveInt32 } from "./naive/fixed_length.mjs";
import {
  naiveContentLength,
  naiveLengthPrefixed,
  naiveNetstrings,
  naiveOctetCounted,
  naiveVarintPrefixed,
} from "./naive/prefixed.mjs";

/**
 * @typedef {object} CodecSubject
 * @property {import("../../dist/core/codecs/mod.js").Codec<any>} codec
 * @property {import("./naive/concat.mjs").Naive} naive
 * @property {unknown} frame
 */

const TEXT = "x".repeat(64);
const BYTES = new TextEncoder().encode(TEXT);
const VALUE = { id: 123_456, method: "x".repeat(34) };

/** Frames of 64 bytes, numbers apart. @satisfies {Record<string, () => CodecSubject>} */
export const CODECS = {
  lines: () => ({ codec: lines(), naive: naiveTextLines(), frame: TEXT }),
  "lines of bytes": () => ({ codec: lines({ encoding: "bytes" }), naive: naiveDelimited("\n"), frame: BYTES }),
  "delimited, LF": () => ({ codec: delimited({ delimiter: "\n" }), naive: naiveDelimited("\n"), frame: BYTES }),
  "delimited, CRLF.CRLF": () => ({
    codec: delimited({ delimiter: "\r\n.\r\n" }),
    naive: naiveDelimited("\r\n.\r\n"),
    frame: BYTES,
  }),
  fixedLength: () => ({ codec: fixedLength({ bytes: 64 }), naive: naiveFixedLength(64), frame: BYTES }),
  lengthPrefixed: () => ({ codec: lengthPrefixed({ width: 4 }), naive: naiveLengthPrefixed(), frame: BYTES }),
  varintPrefixed: () => ({ codec: varintPrefixed(), naive: naiveVarintPrefixed(), frame: BYTES }),
  netstrings: () => ({ codec: netstrings(), naive: naiveNetstrings(), frame: BYTES }),
  octetCounted: () => ({ codec: octetCounted(), naive: naiveOctetCounted(), frame: BYTES }),
  contentLength: () => ({ codec: contentLength(), naive: naiveContentLength(), frame: BYTES }),
  int16: () => ({ codec: int16(), naive: naiveInt16(), frame: -12_345 }),
  int32: () => ({ codec: int32(), naive: naiveInt32(), frame: -1_234_567_890 }),
  "json over lines": () => ({ codec: json(lines()), naive: naiveJson(naiveTextLines()), frame: VALUE }),
  "json over contentLength": () => ({
    codec: json(contentLength()),
    naive: naiveJson(naiveText(naiveContentLength())),
    frame: VALUE,
  }),
  "text over lengthPrefixed": () => ({
    codec: text(lengthPrefixed({ width: 4 })),
    naive: naiveText(naiveLengthPrefixed()),
    frame: TEXT,
  }),
};

/** @param {import("./naive/concat.mjs").Naive} naive */
function naiveJson(naive) {
  return mapped(naive, { decode: JSON.parse, encode: JSON.stringify });
}

/** @param {import("./naive/concat.mjs").Naive} naive */
function naiveText(naive) {
  const decoder = new TextDecoder();
  const encoder = new TextEncoder();
  return mapped(naive, { decode: (bytes) => decoder.decode(bytes), encode: (string) => encoder.encode(string) });
}
