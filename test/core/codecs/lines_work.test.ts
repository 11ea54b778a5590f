import { describe, expect, it, vi } from "vitest";
import { type Bytes, lines } from "../../../src/core/mod.ts";
import { bounded } from "../../support/bounded.ts";
import { bytesDecoded, bytesTouched as bytesTouchedNatively } from "./support/bytes_touched.ts";
import type { Decodes } from "./support/decode.ts";
import { linesOf as codecOf } from "./support/lines_table.ts";

const searched = vi.hoisted(() => ({ bytes: 0 }));

vi.mock("../../../src/core/codecs/word_search.ts", async (original) => {
  const native = await original<typeof import("../../../src/core/codecs/word_search.ts")>();
  return {
    ...native,
    searchWords: (...search: Parameters<typeof native.searchWords>) => {
      const at = native.searchWords(...search);
      const [, , , start, end] = search;
      searched.bytes += (at < 0 ? end : at + 1) - start;
      return at;
    },
  };
});

/** With those that are searched a word at a time, which no native method does. */
function bytesTouched(work: () => void): number {
  searched.bytes = 0;
  return bytesTouchedNatively(work) + searched.bytes;
}

function decode(chunks: Iterable<Bytes>, maxFrameBytes: number): number {
  const decoder = lines({ encoding: "bytes", maxFrameBytes }).decoder();
  let frames = 0;
  for (const chunk of chunks) {
    decoder.push(chunk);
    for (const step = bounded(); step(); ) {
      try {
        if (decoder.next() === undefined) break;
        frames += 1;
      } catch {
        // A long line is dropped; what that costs is the question.
      }
    }
  }
  return frames;
}

function* inChunks(input: Bytes, size: number): Generator<Bytes> {
  for (let at = 0; at < input.length; at += size) yield input.subarray(at, at + size);
}

const SIZE = 100_000;
const lineOf = (length: number): Bytes => new Uint8Array(length).fill(97).fill(10, length - 1);
const linesOf = (length: number): Bytes => new Uint8Array(SIZE).map((_, at) => (at % length === length - 1 ? 10 : 97));

describe("lines decoder: the work", () => {
  it.each([
    ["one line, byte by byte", lineOf(SIZE), 1, Infinity, 1],
    ["one line in odd pieces", lineOf(SIZE), 7, Infinity, 1],
    ["one line in large pieces", lineOf(SIZE), 4_096, Infinity, 1],
    ["short lines, byte by byte", linesOf(5), 1, 65_536, SIZE / 5],
    ["short lines at once", linesOf(5), SIZE, 65_536, SIZE / 5],
    ["short lines in pieces that never fit", linesOf(5), 333, 65_536, SIZE / 5],
    ["empty lines", linesOf(1), 4_096, 65_536, SIZE],
    ["a line that is too long, byte by byte", lineOf(SIZE), 1, 1_000, 0],
    ["a line that is too long, in pieces", lineOf(SIZE), 4_096, 1_000, 0],
  ])("takes work that is linear in the bytes: %s", (_name, input, size, max, expected) => {
    let frames = 0;
    const touched = bytesTouched(() => {
      frames = decode(inChunks(input, size), max);
    });
    expect(frames).toBe(expected);
    // Two searches, one copy, and what doubling a buffer costs.
    expect(touched).toBeLessThanOrEqual(6 * SIZE);
    expect(touched).toBeGreaterThanOrEqual(SIZE);
  });
});

it.each(["utf-8", "latin1"] as const)("the end of a chunk that no LF ends is searched once: %s", (encoding) => {
  const decoder = lines({ encoding }).decoder();
  const chunk = new Uint8Array(60_000).fill(97).fill(10, 9, 10);
  // The next piece is as large as the chunk after the first few.
  decoder.push(linesOf(5));
  for (const step = bounded(); decoder.next() !== undefined; ) step();
  let touched = 0;
  const decoded = bytesDecoded(() => {
    touched = bytesTouched(() => {
      decoder.push(chunk);
      expect([decoder.next(), decoder.next()]).toEqual(["a".repeat(9), undefined]);
    });
  });
  // One search; one copy, or it is decoded.
  touched += decoded;
  expect(touched).toBeLessThan(2 * chunk.length + 100);
  expect(touched).toBeGreaterThan(chunk.length);
});

/** The frames of `input`, up to `per` of them by one decoder, which leaves the rest to the next one. */
function decodeInTurns(codec: Decodes, input: Bytes, per: number): number {
  let frames = 0;
  for (let rest = input; ; ) {
    const decoder = codec.decoder();
    decoder.push(rest);
    for (let left = per; left > 0; left--) {
      if (decoder.next() === undefined) return frames;
      frames += 1;
    }
    rest = decoder.unread?.() as Bytes;
  }
}

const twoByteLines = new Uint8Array(SIZE).map((_, at) => [0xc3, 0xa9, 10, 98, 10][at % 5] as number);
const beforeLongLine = linesOf(5).fill(97, SIZE / 2);

describe("lines decoder: the work of upgrades within one chunk is linear in the bytes", () => {
  const turns = [
    ["a line each", linesOf(5), 1, SIZE / 5],
    ["a few lines each", linesOf(5), 7, SIZE / 5],
    ["lines that are longer than a piece", linesOf(20_000), 1, 5],
    ["lines of other characters", twoByteLines, 3, (2 * SIZE) / 5],
    ["before a line that is cut off", beforeLongLine, 1, SIZE / 10],
  ] as const;

  describe.each(["utf-8", "latin1", "bytes"] as const)("in %s", (encoding) => {
    it.each(turns)("looks at no byte again and again: %s", (_name, input, per, expected) => {
      const codec = codecOf({ encoding });
      let frames = 0;
      const touched = bytesTouched(() => {
        frames = decodeInTurns(codec, input, per);
      });
      expect(frames).toBe(expected);
      const decoded = bytesDecoded(() => decodeInTurns(codec, input, per));
      // One small piece is looked at and then left to the next turn.
      expect(touched).toBeLessThanOrEqual(4 * SIZE + (128 * frames) / per);
      expect(touched).toBeGreaterThanOrEqual(frames / per);
      expect(decoded).toBeLessThanOrEqual(2 * SIZE + (128 * frames) / per);
    });
  });

  it.each([
    [0, 0],
    [1, 4],
    [2, 6],
  ])("after %d lines, what is left is a view of the chunk from %d on", (count, at) => {
    const chunk = new TextEncoder().encode("é\r\nb\nc");
    const decoder = lines().decoder();
    decoder.push(chunk);
    for (let taken = 0; taken < count; taken++) decoder.next();
    const rest = decoder.unread?.() as Bytes;
    expect([rest.byteOffset, rest.length]).toEqual([at, chunk.length - at]);
    expect(rest.buffer).toBe(chunk.buffer);
  });

  it("once there is no line left, what is left is a copy", () => {
    const chunk = new TextEncoder().encode("a\nbc");
    const decoder = lines().decoder();
    decoder.push(chunk);
    expect([decoder.next(), decoder.next()]).toEqual(["a", undefined]);
    chunk.fill(0);
    expect(decoder.unread?.()).toEqual(new TextEncoder().encode("bc"));
  });
});

describe("lines decoder: text", () => {
  it("is decoded once, in pieces of 64 KiB at most", () => {
    const input = linesOf(50);
    const decoder = lines().decoder();
    let frames = 0;
    let largest = 0;
    decoder.push(input);
    const decoded = bytesDecoded(() => {
      for (const step = bounded(); step(); ) {
        let frame: unknown;
        const now = bytesDecoded(() => {
          frame = decoder.next();
        });
        if (frame === undefined) break;
        frames += 1;
        largest = Math.max(largest, now);
      }
    });
    expect(frames).toBe(SIZE / 50);
    expect(decoded).toBe(SIZE);
    expect(largest).toBeLessThanOrEqual(65_536);
    expect(largest).toBeGreaterThan(SIZE / 4);
  });
});
