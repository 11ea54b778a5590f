import fc from "fast-check";
import { expect, it } from "vitest";
import { Chunk } from "../../../src/core/codecs/chunk.ts";
import { searchWords } from "../../../src/core/codecs/word_search.ts";

/** Bytes that are next to a LF in value, or in the bits that the search looks at. */
const near = fc.constantFrom(0x0a, 0x0b, 0x09, 0x8a, 0x8b, 0x00, 0x01, 0x7f, 0x80, 0xff, 0x61);
const bytesOf = (maxLength: number) => fc.array(near, { maxLength }).map((bytes) => Uint8Array.from(bytes));

it("a search of words finds the first byte of that value between two places", () => {
  fc.assert(
    fc.property(bytesOf(40), near, fc.nat(40), fc.nat(40), (bytes, byte, one, other) => {
      const start = Math.min(one, other, bytes.length);
      const end = Math.min(Math.max(one, other), bytes.length);
      const words = new Int32Array(bytes.buffer, 0, bytes.length >> 2);
      const wanted = bytes.subarray(0, end).indexOf(byte, start);
      expect(searchWords(bytes, words, byte, start, end)).toBe(wanted);
    }),
    { seed: 20_261_130, numRuns: 5_000 },
  );
});

it("a chunk is searched and cut as an array is, wherever in its buffer it begins", () => {
  const runs = fc.array(fc.tuple(near, fc.integer({ min: 1, max: 300 })), { maxLength: 6 });
  fc.assert(
    fc.property(runs, fc.nat(5), near, fc.nat(), fc.nat(), (lengths, offset, byte, one, other) => {
      const whole = Uint8Array.from(lengths.flatMap(([value, times]) => Array<number>(times).fill(value)));
      const bytes = whole.subarray(Math.min(offset, whole.length));
      const [start = 0, end = 0] = [one, other].map((at) => at % (bytes.length + 1)).toSorted((a, b) => a - b);
      const chunk = new Chunk();
      chunk.set(Uint8Array.of(byte));
      expect(chunk.indexOf(byte, 0)).toBe(0);
      chunk.set(bytes);
      expect(chunk.indexOf(byte, start)).toBe(bytes.indexOf(byte, start));
      const view = chunk.view(start, end);
      expect([view.byteOffset, view.length]).toEqual([bytes.byteOffset + start, end - start]);
      expect(view.buffer).toBe(bytes.buffer);
    }),
    { seed: 20_261_130, numRuns: 2_000 },
  );
});
