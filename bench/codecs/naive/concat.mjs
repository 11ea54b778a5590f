// @ts-check
// Common hand-written framing: every chunk is appended to the rest, frames are sliced off, the new rest is kept.

/**
 * @typedef {object} Naive a framing as it is often written: without limits, and without telling what is wrong
 * @property {() => (chunk: Uint8Array, onFrame: (frame: any) => void) => void} decoder
 * @property {(frame: any) => Uint8Array} encode
 */

/** @param {Uint8Array[]} parts */
export function concat(parts) {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/**
 * @param {Naive} naive
 * @param {{ decode(frame: any): unknown, encode(frame: any): unknown }} map
 * @returns {Naive}
 */
export function mapped({ decoder, encode }, map) {
  return {
    decoder() {
      const push = decoder();
      return (chunk, onFrame) => push(chunk, (frame) => onFrame(map.decode(frame)));
    },
    encode: (frame) => encode(map.encode(frame)),
  };
}
