// @ts-check
// The framings whose growth is measured.

/** @typedef {keyof typeof import("../codecs/subjects.mjs").FRAMINGS} Framing */

/** @type {Framing[]} */
export const ALL_FRAMINGS = [
  "lines",
  "delimited",
  "fixedLength",
  "lengthPrefixed",
  "varintPrefixed",
  "netstrings",
  "octetCounted",
  "contentLength",
];

/** One of each kind. @type {Framing[]} */
export const QUICK_FRAMINGS = ["lines", "delimited", "lengthPrefixed"];
