import { timingSafeEqual } from "node:crypto";

const BLOCK_BYTES = 64;
const WORDS = 16;
const MAC_BYTES = 16;
/** "expand 32-byte k", in words. */
const CONSTANTS = [0x61707865, 0x3320646e, 0x79622d32, 0x6b206574];
/** The words of each quarter round: the four columns, and then the four diagonals. */
const QUARTERS = [
  [0, 4, 8, 12],
  [1, 5, 9, 13],
  [2, 6, 10, 14],
  [3, 7, 11, 15],
  [0, 5, 10, 15],
  [1, 6, 11, 12],
  [2, 7, 8, 13],
  [3, 4, 9, 14],
] as const;
const DOUBLE_ROUNDS = 10;

const P = 2n ** 130n - 5n;
const CLAMP = 0x0ffffffc0ffffffc0ffffffc0fffffffn;

/** What was sealed with ChaCha20-Poly1305. */
export interface Sealed {
  readonly key: Uint8Array;
  readonly nonce: Uint8Array;
  /** What the tag vouches for, beside the content. */
  readonly associated: Uint8Array;
  readonly content: Uint8Array;
  readonly tag: Uint8Array;
}

/**
 * Opens what was sealed with ChaCha20-Poly1305 (RFC 8439), or returns `undefined` if its tag is wrong. For a few bytes,
 * where the runtime's `node:crypto` does not have this cipher: it is slow.
 */
export function openChaCha20Poly1305({ key, nonce, associated, content, tag }: Sealed): Uint8Array | undefined {
  const macKey = block(key, 0, nonce).subarray(0, 2 * MAC_BYTES);
  if (!timingSafeEqual(poly1305(macKey, authenticated(associated, content)), tag)) return undefined;
  const opened = new Uint8Array(content.length);
  for (let begin = 0; begin < content.length; begin += BLOCK_BYTES) {
    const stream = block(key, 1 + begin / BLOCK_BYTES, nonce);
    const end = Math.min(begin + BLOCK_BYTES, content.length);
    for (let at = begin; at < end; at += 1) opened[at] = (content[at] as number) ^ (stream[at - begin] as number);
  }
  return opened;
}

/** Returns a block of the stream of ChaCha20. */
function block(key: Uint8Array, counter: number, nonce: Uint8Array): Uint8Array {
  const begin = Uint32Array.from([...CONSTANTS, ...words(key), counter, ...words(nonce)]);
  const state = begin.slice();
  for (let round = 0; round < DOUBLE_ROUNDS; round += 1)
    for (const [a, b, c, d] of QUARTERS) quarter(state, a, b, c, d);
  const bytes = new DataView(new ArrayBuffer(BLOCK_BYTES));
  for (let at = 0; at < WORDS; at += 1) bytes.setUint32(4 * at, (state[at] as number) + (begin[at] as number), true);
  return new Uint8Array(bytes.buffer);
}

function quarter(state: Uint32Array, a: number, b: number, c: number, d: number): void {
  mix(state, a, b, d, 16);
  mix(state, c, d, b, 12);
  mix(state, a, b, d, 8);
  mix(state, c, d, b, 7);
}

function mix(state: Uint32Array, sum: number, addend: number, turned: number, bits: number): void {
  const added = (state[sum] as number) + (state[addend] as number);
  state[sum] = added;
  const mixed = (state[turned] as number) ^ added;
  state[turned] = (mixed << bits) | (mixed >>> (32 - bits));
}

function words(bytes: Uint8Array): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return Array.from({ length: bytes.length / 4 }, (_, index) => view.getUint32(4 * index, true));
}

/** Returns the bytes under the tag: both parts filled up to whole blocks, and their lengths. */
function authenticated(associated: Uint8Array, content: Uint8Array): Uint8Array {
  const contentAt = filled(associated.length);
  const lengthsAt = contentAt + filled(content.length);
  const bytes = new Uint8Array(lengthsAt + MAC_BYTES);
  bytes.set(associated);
  bytes.set(content, contentAt);
  const lengths = new DataView(bytes.buffer, lengthsAt);
  lengths.setUint32(0, associated.length, true);
  lengths.setUint32(8, content.length, true);
  return bytes;
}

const filled = (length: number): number => Math.ceil(length / MAC_BYTES) * MAC_BYTES;

/** Returns the tag of whole blocks. */
function poly1305(key: Uint8Array, blocks: Uint8Array): Uint8Array {
  const r = numberOf(key.subarray(0, MAC_BYTES)) & CLAMP;
  let sum = 0n;
  for (let at = 0; at < blocks.length; at += MAC_BYTES) {
    sum = ((sum + numberOf(blocks.subarray(at, at + MAC_BYTES)) + 2n ** 128n) * r) % P;
  }
  let rest = sum + numberOf(key.subarray(MAC_BYTES));
  return Uint8Array.from({ length: MAC_BYTES }, () => {
    const byte = Number(rest & 255n);
    rest >>= 8n;
    return byte;
  });
}

/** Returns the number whose bytes these are, the least significant one first. */
function numberOf(bytes: Uint8Array): bigint {
  return bytes.reduceRight((number, byte) => number * 256n + BigInt(byte), 0n);
}
