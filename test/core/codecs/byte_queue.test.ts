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

  /** A queue of `length` times the same byte, in pieces. */
  function filled(byte: number, length: number): ByteQueue {
    const queue = new ByteQueue();
    for (let left = length; left > 0; left -= 50_000) queue.push(new Uint8Array(Math.min(left, 50_000)).fill(byte));
    return queue;
  }

  it.each([10, 300_000, 3_000_000])("of %d bytes shows the same as it would give", (length) => {
    const shown = filled(1, length).show(Uint8Array.of(2));
    expect(shown.length).toBe(length + 1);
    expect(shown.indexOf(2)).toBe(length);
    expect(shown.every((byte) => byte === 1 || byte === 2)).toBe(true);
  });

  it("gives bytes that no other queue writes over, though they use the same memory one after the other", () => {
    const [one, other] = [filled(1, 500_000), filled(2, 500_000)];
    const taken = one.take();
    const third = filled(3, 500_000);
    expect(other.take().every((byte) => byte === 2)).toBe(true);
    expect(third.show(Uint8Array.of(3)).every((byte) => byte === 3)).toBe(true);
    filled(4, 500_000).show(Uint8Array.of(4));
    expect(taken.every((byte) => byte === 1)).toBe(true);
  });

  it("shows one after the other in the same memory", () => {
    const shown = filled(1, 500_000).show(Uint8Array.of(1));
    expect(filled(2, 400_000).show(Uint8Array.of(2)).buffer).toBe(shown.buffer);
  });
});
