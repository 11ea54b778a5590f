import type { Bytes } from "../transport/transport.ts";

/** Small, because one piece that waits to be sent keeps a whole slab alive. */
const SLAB_BYTES = 16_384;
/** What is longer gets a buffer of its own. */
const LONGEST_PIECE = SLAB_BYTES / 4;
/** UTF-8 needs at most three bytes for a UTF-16 unit. */
const BYTES_PER_UNIT = 3;

/** Up to here, writing characters one by one costs less than calling an encoder: a header, mostly. */
const FEW_UNITS = 24;
/** From here on, `encodeInto` costs less than `encode`. */
const MUCH_TEXT = 262_144;

const encoder = new TextEncoder();
let slab: Bytes | undefined;
let used = 0;

/**
 * The UTF-8 bytes of `text`, to be written and forgotten. Short texts are cut from a slab that all share, one behind the
 * other, each piece written once: on V8 that costs a third of `TextEncoder.encode`, which allocates a buffer of its own.
 */
export function encodeText(text: string): Bytes {
  const most = text.length * BYTES_PER_UNIT;
  if (most > LONGEST_PIECE) return encodeLong(text);
  const room = openSlab(most);
  if (text.length <= FEW_UNITS && writeAscii(text, room)) return cut(room, text.length);
  // A view costs as much as its text. Mostly a character is a byte, and then this one will do.
  const piece = view(room, text.length);
  if (encoder.encodeInto(text, piece).read === text.length) {
    used += text.length;
    return piece;
  }
  const { written } = encoder.encodeInto(text, room.subarray(used));
  return cut(room, written);
}

/** Here too a character mostly is a byte, and `encode` of Node counts first how many there are. Up to `MUCH_TEXT`, Bun's is faster. */
function encodeLong(text: string): Bytes {
  if (text.length <= MUCH_TEXT) return encoder.encode(text);
  const piece = new Uint8Array(text.length);
  return encoder.encodeInto(text, piece).read === text.length ? piece : encoder.encode(text);
}

/** A piece of so many bytes, to be filled at once, written and forgotten; what is in it is left over from others. */
export function cutPiece(length: number): Bytes {
  return length > LONGEST_PIECE ? new Uint8Array(length) : cut(openSlab(length), length);
}

function openSlab(most: number): Bytes {
  // The second check is for a slab that somebody's stream has transferred away, against the contract.
  if (slab === undefined || slab.length === 0 || used + most > SLAB_BYTES) {
    slab = new Uint8Array(SLAB_BYTES);
    used = 0;
  }
  return slab;
}

/** Whether that was ASCII; if not, what was written is to be overwritten. */
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

/** What `subarray` would give, which costs V8 more. */
function view(room: Bytes, length: number): Bytes {
  return new Uint8Array(room.buffer, used, length);
}
