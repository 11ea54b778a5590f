import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ByteQueue } from "../../../src/core/codecs/byte_queue.ts";

/** Bytes that differ from their neighbours, so that a piece in the wrong place shows. */
const numbered = (length: number) => new Uint8Array(length).map((_, index) => index % 251);

describe("a queue of bytes", () => {
  it("gives what was put in, however it was cut", () => {
    const lengths = fc.array(fc.oneof(fc.integer({ min: 0, max: 9 }), fc.integer({ min: 60_000, max: 140_000 })), {
      maxLength: 8,
    });
    fc.assert(
      fc.property(lengths, fc.nat(5), (pieces, lastLength) => {
        const whole = numbered(pieces.reduce((sum, length) => sum + length, lastLength));
        const queue = new ByteQueue();
        for (const length of pieces) queue.push(whole.subarray(queue.length, queue.length + length));
        expect(queue.length).toBe(whole.length - lastLength);
        const taken = queue.take(whole.subarray(queue.length));
        expect(taken.length).toBe(whole.length);
        expect(taken.every((byte, index) => byte === whole[index])).toBe(true);
      }),
      { numRuns: 50 },
    );
  });

  it("keeps no view of what was put in", () => {
    const queue = new ByteQueue();
    const bytes = Uint8Array.of(1, 2, 3);
    queue.push(bytes);
    bytes.fill(0);
    expect([...queue.take()]).toEqual([1, 2, 3]);
  });

  it("keeps a long chunk that is its own, where that is most of its buffer, and a copy of any other", () => {
    const large = numbered(40_000);
    for (const [chunk, kept] of [
      [large.slice(), true],
      [large.slice().subarray(0, 20_000), true],
      [large.slice().subarray(0, 19_000), false],
      [large.slice(0, 10_000), false],
    ] as const) {
      const queue = new ByteQueue();
      // The second one opens a block that has room for more.
      queue.push(Uint8Array.of(9, 9, 9));
      queue.push(Uint8Array.of(9));
      queue.push(chunk, true);
      queue.push(Uint8Array.of(8), true);
      chunk.fill(7);
      const taken = queue.take();
      expect([...taken.subarray(0, 4), taken.at(-1), taken.length]).toEqual([9, 9, 9, 9, 8, chunk.length + 5]);
      expect(taken.subarray(4, -1).every((byte) => byte === 7)).toBe(kept);
    }
  });
});
