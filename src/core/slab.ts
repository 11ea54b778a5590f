import type { Bytes } from "./transport.ts";

/** Small, because one piece that is kept keeps a whole slab alive. */
const SLAB_BYTES = 16_384;
/** What is longer gets a buffer of its own. */
const LONGEST_PIECE = SLAB_BYTES / 4;
/** UTF-8 needs at most three bytes for a UTF-16 unit. */
const BYTES_PER_UNIT = 3;

const encoder = new TextEncoder();
let slab: Bytes | undefined;
let used = 0;

/*
 * Short pieces of bytes are cut from a slab that all connections share, one behind the other, each written once. On V8 a
 * buffer of its own costs several times what the bytes in it cost.
 */

/** The UTF-8 bytes of `text`. */
export function encodeText(text: string): Bytes {
  const most = text.length * BYTES_PER_UNIT;
  if (most > LONGEST_PIECE) return encoder.encode(text);
  const free = room(most);
  const { written } = encoder.encodeInto(text, free);
  used += written;
  return free.subarray(0, written);
}

/** A copy of `bytes`. */
export function copyBytes(bytes: Bytes): Bytes {
  if (bytes.length > LONGEST_PIECE) return bytes.slice();
  const copy = room(bytes.length).subarray(0, bytes.length);
  copy.set(bytes);
  used += bytes.length;
  return copy;
}

/** What is free of a slab: `length` bytes at least. */
function room(length: number): Bytes {
  if (slab === undefined || used + length > SLAB_BYTES) {
    slab = new Uint8Array(SLAB_BYTES);
    used = 0;
  }
  return used === 0 ? slab : slab.subarray(used);
}
