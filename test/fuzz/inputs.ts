import type { Random } from "spillway/testing";

const EDGES = [0x00, 0x01, 0x0a, 0x0d, 0x2c, 0x30, 0x39, 0x3a, 0x7f, 0x80, 0xff];
const MOST_WORDS = 12;

/** Random bytes, words of a format in any order, or either of them damaged. */
export function makeInput(random: Random, words: readonly string[]): Uint8Array<ArrayBuffer> {
  const bytes = random.once(8) ? randomBytes(random) : wordBytes(random, words);
  for (let damages = random.once(2) ? random.below(4) : 0; damages > 0; damages--) damage(random, bytes);
  return new Uint8Array(bytes);
}

/** Cut anywhere; some chunks may be empty. */
export function cutAnywhere(random: Random, input: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer>[] {
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  const longest = random.once(3) ? 1 : 1 + random.below(input.length + 1);
  for (let at = 0; at < input.length; ) {
    const end = at + (random.once(16) ? 0 : 1 + random.below(longest));
    chunks.push(input.slice(at, end));
    at = end;
  }
  return chunks;
}

function randomBytes(random: Random): number[] {
  return Array.from({ length: random.below(48) }, () => random.below(256));
}

function wordBytes(random: Random, words: readonly string[]): number[] {
  let text = "";
  for (let count = random.below(MOST_WORDS); count >= 0; count--) text += random.pick(words);
  return Array.from(text, (char) => char.charCodeAt(0) & 0xff);
}

function damage(random: Random, bytes: number[]): void {
  const at = random.below(bytes.length + 1);
  const count = random.below(4);
  switch (random.below(6)) {
    case 0:
      bytes.length = at;
      break;
    case 1:
      bytes.splice(at, count);
      break;
    case 2:
      bytes.splice(at, 0, random.pick(EDGES));
      break;
    case 3:
      bytes.splice(at, 1, random.pick(EDGES));
      break;
    case 4:
      bytes.splice(at, 1, ((bytes[at] ?? 0) ^ (1 << random.below(8))) & 0xff);
      break;
    default:
      bytes.splice(at, 0, ...bytes.slice(at, at + 8));
  }
}
