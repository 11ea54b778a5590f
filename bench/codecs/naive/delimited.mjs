// @ts-check
import { concat } from "./concat.mjs";

const utf8 = new TextEncoder();

/**
 * @param {string} delimiter
 * @returns {import("./concat.mjs").Naive}
 */
export function naiveDelimited(delimiter) {
  const end = utf8.encode(delimiter);
  return {
    decoder() {
      let held = new Uint8Array(0);
      return (chunk, onFrame) => {
        held = concat([held, chunk]);
        let start = 0;
        for (let at = indexOf(held, end, 0); at >= 0; at = indexOf(held, end, start)) {
          onFrame(held.slice(start, at));
          start = at + end.length;
        }
        held = held.slice(start);
      };
    },
    encode: (frame) => concat([frame, end]),
  };
}

/** @returns {import("./concat.mjs").Naive} */
export function naiveTextLines() {
  return {
    decoder() {
      const decoder = new TextDecoder();
      let held = "";
      return (chunk, onFrame) => {
        const lines = (held + decoder.decode(chunk, { stream: true })).split("\n");
        held = lines.pop() ?? "";
        for (const line of lines) onFrame(line);
      };
    },
    encode: (line) => utf8.encode(`${line}\n`),
  };
}

/**
 * @param {Uint8Array} bytes
 * @param {Uint8Array} sought
 * @param {number} from
 */
export function indexOf(bytes, sought, from) {
  const first = /** @type {number} */ (sought[0]);
  for (let at = bytes.indexOf(first, from); at >= 0; at = bytes.indexOf(first, at + 1)) {
    if (sought.every((byte, index) => bytes[at + index] === byte)) return at;
  }
  return -1;
}
