// @ts-check

const ALPHABET = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

/** Batches of one connection, sent in turn: each differs from the one before it, so that a stale reply is noticed. */
const BATCHES = { most: 16, least: 2 };
/** The most memory for what all connections of a load send; with large lines there are fewer batches. */
const MAX_BYTES = 33_554_432;

/**
 * Returns the output of one connection: batches of lines, each of `lineBytes` with its LF, and each one different.
 *
 * @param {number} connection which of them
 * @param {import("../load_generator.mjs").Shape} shape
 * @returns {Uint8Array[]}
 */
export function pattern(connection, { connections, depth, lineBytes }) {
  const encoder = new TextEncoder();
  return count(batches(connections * depth * lineBytes), (batch) => {
    const lines = count(depth, (line) => lineText(`${connection}.${batch}.${line} `, lineBytes));
    return encoder.encode(lines.join(""));
  });
}

/** @param {number} bytes of one batch on every connection */
function batches(bytes) {
  const fitting = Math.floor(MAX_BYTES / bytes);
  if (fitting < BATCHES.least) throw new RangeError(`a load of ${bytes} bytes is too large for this generator`);
  return Math.min(fitting, BATCHES.most);
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
