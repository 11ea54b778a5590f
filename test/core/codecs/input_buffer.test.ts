import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { InputBuffer } from "../../../src/core/codecs/mod.ts";
import type { Bytes } from "../../../src/core/mod.ts";
import { bounded } from "../../support/bounded.ts";
import { bytesTouched } from "./support/bytes_touched.ts";

const bytesOf = (text: string): Bytes => new TextEncoder().encode(text);
const textOf = (bytes: Bytes | undefined): string | undefined => bytes && new TextDecoder().decode(bytes);
const TOO_LARGE = expect.objectContaining({ code: "frame-too-large" });

function holding(...chunks: readonly string[]): InputBuffer {
  const input = new InputBuffer();
  for (const chunk of chunks) input.push(bytesOf(chunk));
  return input;
}

describe("InputBuffer", () => {
  it("gives what is whole, and nothing of what is not", () => {
    const input = holding("ab", "cd");
    expect(textOf(input.take(3))).toBe("abc");
    expect(input.take(2)).toBeUndefined();
    expect(input.length).toBe(1);
    input.push(bytesOf("e"));
    expect(textOf(input.take(2))).toBe("de");
    expect(input.take(1)).toBeUndefined();
    expect(textOf(input.take(0))).toBe("");
  });

  it("shows bytes that stay", () => {
    const input = holding("abc");
    input.take(1);
    expect([-1, 0, 1, 2].map((index) => input.at(index))).toEqual([undefined, 0x62, 0x63, undefined]);
    expect(input.length).toBe(2);
  });

  it("drops what is here", () => {
    const input = holding("abcdef");
    expect([input.drop(2), textOf(input.take(1)), input.drop(Infinity), input.drop(1)]).toEqual([2, "c", 3, 0]);
  });

  it("gives the rest", () => {
    const input = holding("ab", "cd");
    input.take(1);
    expect([textOf(input.unread()), input.length, textOf(input.unread())]).toEqual(["bcd", 0, ""]);
  });

  it("refers to no chunk, and what it gave does not change", () => {
    const input = new InputBuffer();
    const chunk = bytesOf("one\ntwothree");
    input.push(chunk);
    chunk.fill(0);
    const taken = [input.takeLine(3), input.take(3)];
    input.push(bytesOf("!"));
    expect([...taken, input.unread()].map(textOf)).toEqual(["one", "two", "three!"]);
  });

  it.each([-1, 1.5, NaN])("%d bytes are refused", (count) => {
    const input = holding("ab\n");
    expect(() => input.take(count)).toThrow(RangeError);
    expect(() => input.takeLine(count)).toThrow(RangeError);
    expect(() => input.drop(count)).toThrow(RangeError);
    expect(input.length).toBe(3);
  });
});

describe("InputBuffer: lines", () => {
  it("end at LF or CRLF, which is not given", () => {
    const input = holding("one\r\ntwo\n\n\r\n\r\r\nfive");
    const given = Array.from({ length: 6 }, () => textOf(input.takeLine(10)));
    expect(given).toEqual(["one", "two", "", "", "\r", undefined]);
    expect(input.length).toBe(4);
  });

  it.each([
    ["with LF", "abc\n", "abc"],
    ["with CRLF", "abc\r\n", "abc"],
    ["with a CR that may be the end's", "abc\r", undefined],
    ["without an end", "abc", undefined],
  ])("exactly as long as may be, %s", (_name, text, expected) => {
    expect(textOf(holding(text).takeLine(3))).toBe(expected);
  });

  it.each([
    ["with LF", "abcd\n"],
    ["with CRLF", "abcd\r\n"],
    ["without an end", "abcd"],
    ["with a CR that is not the end's", "abc\rd"],
  ])("longer than may be, %s: told, and still there", (_name, text) => {
    const input = holding(text);
    expect(() => input.takeLine(3)).toThrow(TOO_LARGE);
    expect(() => input.takeLine(3)).toThrow(TOO_LARGE);
    expect(textOf(input.unread())).toBe(text);
  });

  it("of any length", () => {
    expect(holding("a".repeat(100_000), "\n").takeLine(Infinity)).toHaveLength(100_000);
  });
});

/** An InputBuffer made of a plain array. */
class Model {
  readonly bytes: number[] = [];

  takeLine(max: number): number[] | undefined | "too large" {
    const lf = this.bytes.indexOf(0x0a);
    const line = lf < 0 ? this.bytes : this.bytes.slice(0, lf);
    const payload = line.at(-1) === 0x0d ? line.slice(0, -1) : line;
    if (payload.length > max) return "too large";
    if (lf < 0) return undefined;
    this.bytes.splice(0, lf + 1);
    return payload;
  }
}

type Step = (input: InputBuffer, model: Model) => void;

const arrayOf = (bytes: Bytes | undefined): number[] | undefined => bytes && [...bytes];
const byte = fc.constantFrom(0x61, 0x62, 0x0d, 0x0a);
const count = fc.nat({ max: 40 });

const push = fc.array(byte, { maxLength: 200 }).map<Step>((bytes) => (input, model) => {
  input.push(Uint8Array.from(bytes));
  model.bytes.push(...bytes);
});
const take = count.map<Step>((wanted) => (input, model) => {
  const expected = wanted > model.bytes.length ? undefined : model.bytes.splice(0, wanted);
  expect(arrayOf(input.take(wanted))).toEqual(expected);
});
const takeLine = count.map<Step>((max) => (input, model) => {
  const expected = model.takeLine(max);
  if (expected === "too large") expect(() => input.takeLine(max)).toThrow(TOO_LARGE);
  else expect(arrayOf(input.takeLine(max))).toEqual(expected);
});
const drop = count.map<Step>((wanted) => (input, model) => {
  expect(input.drop(wanted)).toBe(model.bytes.splice(0, wanted).length);
});
const rest = fc.constant<Step>((input, model) => {
  expect(arrayOf(input.unread())).toEqual(model.bytes.splice(0));
});

it("InputBuffer does what a plain array does", () => {
  const step = fc.oneof(
    { weight: 4, arbitrary: push },
    { weight: 4, arbitrary: take },
    { weight: 4, arbitrary: takeLine },
    { weight: 2, arbitrary: drop },
    { weight: 1, arbitrary: rest },
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const input = new InputBuffer();
      const model = new Model();
      for (const run of steps) {
        run(input, model);
        expect(input.length).toBe(model.bytes.length);
        expect([0, 1, input.length - 1, input.length].map((index) => input.at(index))).toEqual(
          [0, 1, input.length - 1, input.length].map((index) => model.bytes[index]),
        );
      }
    }),
    { seed: 20_261_128, numRuns: 1_000 },
  );
});

const SIZE = 100_000;
const linesOf = (length: number): Bytes => new Uint8Array(SIZE).map((_, at) => (at % length === length - 1 ? 10 : 97));
const takeLines = (input: InputBuffer): number => {
  let taken = 0;
  for (const step = bounded(); input.takeLine(Infinity) !== undefined && step(); ) taken += 1;
  return taken;
};
const takeBytes = (length: number) => (input: InputBuffer) => {
  let taken = 0;
  for (const step = bounded(); input.take(length) !== undefined && step(); ) taken += 1;
  return taken;
};

describe("InputBuffer: the work", () => {
  it.each([
    ["one line, byte by byte", linesOf(SIZE), 1, takeLines, 1],
    ["one line in odd pieces", linesOf(SIZE), 7, takeLines, 1],
    ["short lines, byte by byte", linesOf(5), 1, takeLines, SIZE / 5],
    ["short lines at once", linesOf(5), SIZE, takeLines, SIZE / 5],
    ["short lines in pieces that never fit", linesOf(5), 333, takeLines, SIZE / 5],
    ["a long run of bytes, byte by byte", linesOf(SIZE), 1, takeBytes(SIZE), 1],
    ["short runs at once", linesOf(SIZE), SIZE, takeBytes(5), SIZE / 5],
    ["long runs in pieces that never fit", linesOf(SIZE), 333, takeBytes(10_000), 10],
  ])("takes work that is linear in the bytes: %s", (_name, bytes, size, takeAll, expected) => {
    let taken = 0;
    const touched = bytesTouched(() => {
      const input = new InputBuffer();
      for (let at = 0; at < bytes.length; at += size) {
        input.push(bytes.subarray(at, at + size));
        taken += takeAll(input);
      }
    });
    expect(taken).toBe(expected);
    // One search, in and out again, and what doubling a buffer costs.
    expect(touched).toBeLessThanOrEqual(6 * SIZE);
    expect(touched).toBeGreaterThanOrEqual(2 * SIZE);
  });
});
