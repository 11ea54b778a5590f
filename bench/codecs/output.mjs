// @ts-check
import { concat } from "./naive/concat.mjs";

/** @typedef {import("../../dist/core/codecs/mod.js").Output} Output */

/** Output of an encoder, part by part. @implements {Output} */
class Parts {
  /** @type {Uint8Array[]} */
  parts = [];
  #utf8 = new TextEncoder();

  /** @param {string} text */
  text(text) {
    this.parts.push(this.#utf8.encode(text));
  }

  /** @param {Uint8Array} bytes */
  bytes(bytes) {
    this.parts.push(bytes);
  }
}

/**
 * The bytes of a frame.
 *
 * @param {import("../../dist/core/codecs/mod.js").Codec<any>} codec
 * @param {unknown} frame
 */
export function encoded(codec, frame) {
  const output = new Parts();
  codec.encoder().encode(frame, output);
  return concat(output.parts);
}
