// @ts-check
import { concat, mapped } from "./concat.mjs";

/**
 * @param {number} bytes
 * @returns {import("./concat.mjs").Naive}
 */
export function naiveFixedLength(bytes) {
  return {
    decoder() {
      let held = new Uint8Array(0);
      return (chunk, onFrame) => {
        held = concat([held, chunk]);
        let at = 0;
        for (; at + bytes <= held.length; at += bytes) onFrame(held.slice(at, at + bytes));
        held = held.slice(at);
      };
    },
    encode: (frame) => frame.slice(),
  };
}

export function naiveInt16() {
  return mapped(naiveFixedLength(2), {
    decode: (bytes) => new DataView(bytes.buffer).getInt16(0),
    encode: (/** @type {number} */ number) => Uint8Array.of(number >> 8, number),
  });
}

export function naiveInt32() {
  return mapped(naiveFixedLength(4), {
    decode: (bytes) => new DataView(bytes.buffer).getInt32(0),
    encode: (/** @type {number} */ number) => Uint8Array.of(number >> 24, number >> 16, number >> 8, number),
  });
}
