import type { Bytes } from "../transport/transport.ts";

/** The size of a slab. It is small, because one piece that waits to be sent keeps a whole slab alive. */
const SLAB_BYTES = 16_384;
/** A longer piece gets a buffer of its own. */
const LONGEST_PIECE = SLAB_BYTES / 4;
/** UTF-8 needs at most three bytes for a UTF-16 unit. */
const BYTES_PER_UNIT = 3;

/**
 * The length up to which writing characters one by one costs less than a call of an encoder. Most of these texts are
 * headers.
 */
const FEW_UNITS = 24;
/** The length above which `encodeInto` costs less than `encode`. */
const MUCH_TEXT = 262_144;

const encoder = new TextEncoder();
let slab: Bytes | undefined;
let used = 0;

/**
 * Returns the UTF-8 bytes of `text`, for one write. Short texts are consecutive pieces of a shared slab, and each piece
 * is written once. On V8 that costs a third of `TextEncoder.encode`, which allocates a buffer of its own.
 */
export function encodeText(text: string): Bytes {
  const most = text.length * BYTES_PER_UNIT;
  if (most > LONGEST_PIECE) return encodeLong(text);
  const room = openSlab(most);
  if (text.length <= FEW_UNITS && writeAscii(text, room)) return cut(room, text.length);
  // A view costs as much as its text. In most texts each character is a byte, and then this view is the result.
  const piece = view(room, text.length);
  if (encoder.encodeInto(text, piece).read === text.length) {
    used += text.length;
    return piece;
  }
  const { written } = encoder.encodeInto(text, room.subarray(used));
  return cut(room, written);
}

/**
 * In most long texts, too, each character is a byte. `encode` of Node first counts the bytes; `encode` of Bun is faster
 * up to `MUCH_TEXT`.
 */
function encodeLong(text: string): Bytes {
  if (text.length <= MUCH_TEXT) return encoder.encode(text);
  const piece = new Uint8Array(text.length);
  return encoder.encodeInto(text, piece).read === text.length ? piece : encoder.encode(text);
}

/** Returns a piece of `length` bytes, to be filled at once, for one write. It may hold bytes of earlier uses. */
export function cutPiece(length: number): Bytes {
  return length > LONGEST_PIECE ? new Uint8Array(length) : cut(openSlab(length), length);
}

function openSlab(most: number): Bytes {
  // The second check is for a slab that a stream has transferred, in violation of the contract.
  if (slab === undefined || slab.length === 0 || used + most > SLAB_BYTES) {
    slab = new Uint8Array(SLAB_BYTES);
    used = 0;
  }
  return slab;
}

/** Writes `text`, and returns true if it is ASCII. If not, the written bytes must be overwritten. */
function writeAscii(text: string, room: Bytes): boolean {
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code > 0x7f) return false;
    room[used + index] = code;
  }
  return true;
}

function cut(room: Bytes, length: number): Bytes {
  const piece = view(room, length);
  used += length;
  return piece;
}

/** Returns the same view as `subarray`, which costs V8 more. */
function view(room: Bytes, length: number): Bytes {
  return new Uint8Array(room.buffer, used, length);
}
