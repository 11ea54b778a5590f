import { describe, expect, it } from "vitest";
import { ReadBuffer } from "../../src/core/mod.ts";

const SMALL = 128;
const MEDIUM = 1_024;
const BIG = 8_192;
const LARGE = 65_536;

/** Returns the chunks that are read when `sizes` bytes come, one read after the other; read number n is filled with n. */
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

  /** The sizes of the buffers that reads of `counts` bytes get. */
  function sizes(counts: readonly number[]): number[] {
    const buffer = new ReadBuffer();
    return counts.map((count) => {
      const { length } = buffer.next();
      buffer.take(count);
      return length;
    });
  }

  it("grows behind a read that filled it, and goes back by one size when the flood is over", () => {
    expect(sizes([SMALL, MEDIUM, BIG, LARGE, LARGE, 10, 5_000])).toEqual([
      SMALL,
      MEDIUM,
      BIG,
      LARGE,
      LARGE,
      LARGE,
      BIG,
    ]);
  });

  it("goes back from size to size behind a few short reads each", () => {
    expect(sizes([SMALL, MEDIUM, 5, 5, 5, 5, 5, 5, 5, 5, 5])).toEqual([
      SMALL,
      MEDIUM,
      ...Array<number>(4).fill(BIG),
      ...Array<number>(4).fill(MEDIUM),
      SMALL,
    ]);
  });

  it("stays at the middle for messages of that length, whose every read would else be two", () => {
    expect(sizes([SMALL, 72, 200, 200, 200, 200, 200])).toEqual([SMALL, ...Array<number>(6).fill(MEDIUM)]);
  });

  it("is small again after a few short reads in a row", () => {
    expect(sizes([SMALL, 5, 5, 5, 200, 5, 5, 5, 5, 5])).toEqual([SMALL, ...Array<number>(8).fill(MEDIUM), SMALL]);
  });

  it("gives chunks that later reads, here or elsewhere, do not change", () => {
    const [one, other] = [new ReadBuffer(), new ReadBuffer()];
    const counts = [10, SMALL, MEDIUM, BIG, LARGE, 5, 5, 300, 1];
    const chunks = [...read(one, counts), ...read(other, counts)];
    for (const [at, chunk] of chunks.entries()) {
      expect(chunk).toHaveLength(counts[at % counts.length] as number);
      expect(chunk.every((byte) => byte === (at % counts.length) + 1)).toBe(true);
    }
  });

  it("reads into the memory of a chunk that came back, while another one is being read", () => {
    const buffer = new ReadBuffer();
    const memory = new Set<ArrayBuffer>();
    for (let count = 0; count < 6; count++) {
      memory.add(buffer.next().buffer);
      const chunk = buffer.take(5);
      // The next read begins before this chunk is used up.
      buffer.next();
      buffer.recycle(chunk);
    }
    expect(memory.size).toBe(2);
  });

  it("hands a large buffer that came back to the next reader that needs one", () => {
    const [one, other] = [new ReadBuffer(), new ReadBuffer()];
    for (const buffer of [one, other]) read(buffer, [SMALL, MEDIUM, BIG]);
    const memory = one.next().buffer;
    one.recycle(one.take(10));
    expect(other.next().buffer).toBe(memory);
    expect(one.next()).toHaveLength(BIG);
  });

  it("keeps a few of them, without what was in them", () => {
    const flood = Array.from({ length: 40 }, () => {
      const buffer = new ReadBuffer();
      read(buffer, [SMALL, MEDIUM, BIG]);
      buffer.next().fill(1);
      return buffer;
    });
    const memory = new Set(flood.map((buffer) => buffer.next().buffer));
    for (const buffer of flood) buffer.recycle(buffer.take(LARGE));
    const again = flood.map((buffer) => buffer.next());
    expect(again.filter(({ buffer }) => memory.has(buffer))).toHaveLength(16);
    for (const bytes of again) expect(bytes.every((byte) => byte === 0)).toBe(true);
  });

  it("does so in a flood too", () => {
    const buffer = new ReadBuffer();
    read(buffer, [SMALL, MEDIUM, BIG]);
    const memory = new Set<ArrayBuffer>();
    for (let count = 0; count < 6; count++) {
      memory.add(buffer.next().buffer);
      const chunk = buffer.take(LARGE);
      buffer.next();
      buffer.recycle(chunk);
    }
    expect(memory.size).toBe(2);
  });

  it("takes back nothing but the last chunk, and only while it has the right size", () => {
    const buffer = new ReadBuffer();
    const first = (buffer.next(), buffer.take(5));
    const second = (buffer.next(), buffer.take(SMALL));
    buffer.recycle(first);
    buffer.recycle(second);
    buffer.recycle(new Uint8Array(MEDIUM));
    const third = buffer.next();
    expect(third).toHaveLength(MEDIUM);
    expect([first.buffer, second.buffer]).not.toContain(third.buffer);
  });
});
