import fc from "fast-check";
import { expect } from "vitest";
import type { Bytes } from "../../../../src/core/mod.ts";
import { cut } from "./byte_strings.ts";
import { type Decodes, decode } from "./decode.ts";

/** Up to here, an input is cut at every pair of places. */
const SHORT = 48;

/** Bytes, and what a decoder must make of them. */
export interface CodecCase {
  readonly name: string;
  readonly codec: Decodes;
  readonly input: Bytes;
  /** Frames as text, and errors as `!code`, in their places: see `decode`. */
  readonly gives: readonly string[];
}

/** However the input is cut, a decoder gives the same: whole, byte by byte, in two, in three and in random chunks. */
export function everyChunking(codec: Decodes, input: Bytes, expected: readonly string[]): void {
  const wanted = JSON.stringify(expected);
  const check = (places: readonly number[]) => {
    const given = decode(codec, cut(input, places));
    // Thousands of times: the assertion is for its message.
    if (JSON.stringify(given) !== wanted) expect(given, `cut at ${places.join(", ")}`).toEqual(expected);
  };
  expect(decode(codec, [input])).toEqual(expected);
  check(Array.from({ length: input.length + 1 }, (_, place) => place));
  for (let one = 0; one <= input.length; one++) {
    check([one]);
    if (input.length > SHORT) continue;
    for (let two = one; two <= input.length; two++) check([one, two]);
  }
  fc.assert(fc.property(fc.array(fc.nat(input.length), { maxLength: 12 }), check), { seed: 20_261_103, numRuns: 50 });
}
