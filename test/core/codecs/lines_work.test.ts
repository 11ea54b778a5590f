import { describe, expect, it } from "vitest";
import { type Bytes, lines } from "../../../src/core/mod.ts";
import { bytesTouched } from "./bytes_touched.ts";

function decode(chunks: Iterable<Bytes>, maxFrameBytes: number): number {
  const decoder = lines({ encoding: "bytes", maxFrameBytes }).decoder();
  let frames = 0;
  for (const chunk of chunks) {
    decoder.push(chunk);
    for (;;) {
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

describe("lines decoder: the work is linear in the bytes", () => {
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
  ])("%s", (_name, input, size, max, expected) => {
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
