import { describe, expect, it } from "vitest";
import { ReadBuffer } from "../../src/core/mod.ts";

const SMALL = 512;
const LARGE = 65_536;

/** What is read when `sizes` bytes come, one read after the other; read number n is filled with n. */
function read(buffer: ReadBuffer, sizes: readonly number[]): Uint8Array[] {
  return sizes.map((size, at) => {
    buffer.next().fill(at + 1, 0, size);
    return buffer.take(size);
  });
}

describe("ReadBuffer", () => {
  it("is small while little comes", () => {
    const buffer = new ReadBuffer();
    for (const size of [1, 100, SMALL - 1]) {
      expect(buffer.next()).toHaveLength(SMALL);
      expect(buffer.take(size)).toHaveLength(size);
    }
  });

  it("is large behind a read that filled it, until one does not", () => {
    const buffer = new ReadBuffer();
    const lengths = [SMALL, LARGE, LARGE, 10, 20].map((size) => {
      const { length } = buffer.next();
      buffer.take(size);
      return length;
    });
    expect(lengths).toEqual([SMALL, LARGE, LARGE, LARGE, SMALL]);
  });

  it("gives chunks that later reads, here or elsewhere, do not change", () => {
    const [one, other] = [new ReadBuffer(), new ReadBuffer()];
    const sizes = [10, SMALL, LARGE, 5, 5, SMALL, 1];
    const chunks = [...read(one, sizes), ...read(other, sizes)];
    for (const [at, chunk] of chunks.entries()) {
      expect(chunk).toHaveLength(sizes[at % sizes.length] as number);
      expect(chunk.every((byte) => byte === (at % sizes.length) + 1)).toBe(true);
    }
  });
});
