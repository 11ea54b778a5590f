// @ts-check

const ALPHABET = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

/** Batches of one connection, sent in turn: none is like the one before it, so that a stale reply is noticed. */
const BATCHES = 16;

/**
 * What one connection sends: batches of lines, each of `lineBytes` with its LF, and each one different.
 *
 * @param {number} connection
 * @param {number} depth lines of a batch
 * @param {number} lineBytes
 * @returns {Uint8Array[]}
 */
export function pattern(connection, depth, lineBytes) {
  const encoder = new TextEncoder();
  return count(BATCHES, (batch) => {
    const lines = count(depth, (line) => lineText(`${connection}.${batch}.${line} `, lineBytes));
    return encoder.encode(lines.join(""));
  });
}

/**
 * @template Item
 * @param {number} length
 * @param {(index: number) => Item} make
 */
function count(length, make) {
  return Array.from({ length }, (_, index) => make(index));
}

/** @param {string} name @param {number} lineBytes */
function lineText(name, lineBytes) {
  return `${name}${ALPHABET.repeat(Math.ceil(lineBytes / ALPHABET.length))}`.slice(0, lineBytes - 1) + "\n";
}
