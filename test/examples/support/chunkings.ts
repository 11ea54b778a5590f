import type { Bytes } from "../../../src/mod.ts";

/** Cuts at the given places, which may be in any order, and the same. */
export function cut(input: Bytes, places: readonly number[]): Bytes[] {
  const sorted = places.toSorted((one, other) => one - other);
  return [0, ...sorted].map((from, index) => input.subarray(from, sorted[index] ?? input.length));
}

/** Whole; in bytes; in two, cut anywhere; in three, cut anywhere. */
export function* chunkings(input: Bytes): Generator<Bytes[]> {
  yield [input];
  yield Array.from(input, (byte) => new Uint8Array([byte]));
  for (let one = 0; one <= input.length; one++) {
    yield cut(input, [one]);
    for (let two = one; two <= input.length; two++) yield cut(input, [one, two]);
  }
}
