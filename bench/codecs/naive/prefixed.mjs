// @ts-check
import { concat } from "./concat.mjs";
import { indexOf } from "./delimited.mjs";

/** @typedef {import("./concat.mjs").Naive} Naive */
/** @typedef {{ bodyAt: number, bodyBytes: number }} Body */

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const HEADERS_END = encoder.encode("\r\n\r\n");

/**
 * @param {(held: Uint8Array, at: number) => Body | undefined} bodyOf what the header at `at` says, if it is whole
 * @param {(frame: Uint8Array) => Uint8Array} encode
 * @param {number} [trailerBytes] behind the body
 * @returns {Naive}
 */
function naivePrefixed(bodyOf, encode, trailerBytes = 0) {
  return {
    decoder() {
      let held = new Uint8Array(0);
      return (chunk, onFrame) => {
        held = concat([held, chunk]);
        let at = 0;
        for (;;) {
          const body = bodyOf(held, at);
          if (body === undefined) break;
          const end = body.bodyAt + body.bodyBytes;
          if (end + trailerBytes > held.length) break;
          onFrame(held.slice(body.bodyAt, end));
          at = end + trailerBytes;
        }
        held = held.slice(at);
      };
    },
    encode,
  };
}

export function naiveLengthPrefixed() {
  return naivePrefixed(
    (held, at) => {
      if (at + 4 > held.length) return undefined;
      return { bodyAt: at + 4, bodyBytes: new DataView(held.buffer).getUint32(at) };
    },
    (frame) => {
      const header = new Uint8Array(4);
      new DataView(header.buffer).setUint32(0, frame.length);
      return concat([header, frame]);
    },
  );
}

export function naiveVarintPrefixed() {
  return naivePrefixed(readVarint, (frame) => {
    const header = [];
    let left = frame.length;
    for (; left > 0x7f; left >>>= 7) header.push((left & 0x7f) | 0x80);
    return concat([Uint8Array.of(...header, left), frame]);
  });
}

/**
 * @param {Uint8Array} held
 * @param {number} at
 * @returns {Body | undefined}
 */
function readVarint(held, at) {
  let bodyBytes = 0;
  for (let index = at; index < held.length; index++) {
    const byte = /** @type {number} */ (held[index]);
    bodyBytes += (byte & 0x7f) << (7 * (index - at));
    if (byte < 0x80) return { bodyAt: index + 1, bodyBytes };
  }
  return undefined;
}

export function naiveNetstrings() {
  return naivePrefixed(
    (held, at) => decimal(held, at, 0x3a),
    (frame) => concat([encoder.encode(`${frame.length}:`), frame, encoder.encode(",")]),
    1,
  );
}

export function naiveOctetCounted() {
  return naivePrefixed(
    (held, at) => decimal(held, at, 0x20),
    (frame) => concat([encoder.encode(`${frame.length} `), frame]),
  );
}

/**
 * @param {Uint8Array} held
 * @param {number} at
 * @param {number} end what stands behind the digits
 * @returns {Body | undefined}
 */
function decimal(held, at, end) {
  const endAt = held.indexOf(end, at);
  if (endAt < 0) return undefined;
  return { bodyAt: endAt + 1, bodyBytes: Number(decoder.decode(held.slice(at, endAt))) };
}

export function naiveContentLength() {
  return naivePrefixed(
    (held, at) => {
      const endAt = indexOf(held, HEADERS_END, at);
      if (endAt < 0) return undefined;
      const [, length] = /content-length: *(\d+)/i.exec(decoder.decode(held.slice(at, endAt))) ?? [];
      return { bodyAt: endAt + HEADERS_END.length, bodyBytes: Number(length) };
    },
    (frame) => concat([encoder.encode(`Content-Length: ${frame.length}\r\n\r\n`), frame]),
  );
}
