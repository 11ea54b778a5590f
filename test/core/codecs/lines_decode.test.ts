import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { concat } from "../../../src/core/codecs/views.ts";
import { type Bytes, lines } from "../../../src/core/mod.ts";
import { bounded } from "../../support/bounded.ts";
import { cut, raw, textOf, utf8 } from "./support/byte_strings.ts";
import { decode, truncating } from "./support/decode.ts";
import { everyChunking } from "./support/every_chunking.ts";
import { LINES_TABLE, linesOf } from "./support/lines_table.ts";
import { splitLines } from "./support/split_lines.ts";

describe("lines decoder", () => {
  it.each(LINES_TABLE)("gives the same frames, however the input is cut: $name", ({ codec, input, gives }) =>
    everyChunking(codec, input, gives),
  );
});

describe("lines decoder against splitting at LF", () => {
  const pieces = fc.constantFrom("a", "bc", "\n", "\r", "\r\n", "é", "€", "😀", "\uFEFF", "\xff", "\xe2\x82", "\0");
  const inputs = fc.array(pieces, { maxLength: 40 }).map((parts) => {
    const encoder = new TextEncoder();
    // Pieces of single bytes stand for themselves, so that invalid UTF-8 occurs.
    const bytes = parts.map((part) =>
      /^[\x80-\xff]+$/.test(part) && part !== "é"
        ? Array.from(part, (char) => char.charCodeAt(0))
        : [...encoder.encode(part)],
    );
    return new Uint8Array(bytes.flat());
  });
  const options = fc.record({
    maxFrameBytes: fc.constantFrom(1, 2, 3, 5, 8, 64, Infinity),
    encoding: fc.constantFrom("utf-8" as const, "latin1" as const, "bytes" as const),
    fatal: fc.boolean(),
    unterminated: fc.constantFrom("reject" as const, "deliver" as const),
  });

  it.each([false, true])("gives the same, in any chunks (and truncated: %s)", (truncates) => {
    fc.assert(
      fc.property(inputs, options, fc.array(fc.nat(), { maxLength: 12 }), (input, chosen, places) => {
        const chunks = cut(
          input,
          places.map((place) => place % (input.length + 1)),
        );
        const codec = truncates ? truncating(linesOf(chosen)) : linesOf(chosen);
        expect(decode(codec, chunks)).toEqual(splitLines(input, chosen, truncates));
      }),
      { seed: 20_261_101, numRuns: 4_000 },
    );
  });

  const long = fc
    .array(fc.tuple(inputs, fc.constantFrom(1, 3, 100, 2_000)), { maxLength: 5 })
    .map((runs) => concat(runs.flatMap(([input, times]) => Array.from({ length: times }, () => input))));

  it.each([false, true])("gives the same, where there are many pieces (and truncated: %s)", (truncates) => {
    const chosen = options.map((one) => ({ ...one, maxFrameBytes: one.maxFrameBytes * 20 }));
    fc.assert(
      fc.property(long, chosen, fc.array(fc.nat(), { maxLength: 4 }), (input, one, places) => {
        const chunks = cut(
          input,
          places.map((place) => place % (input.length + 1)),
        );
        const codec = truncates ? truncating(linesOf(one)) : linesOf(one);
        expect(decode(codec, chunks)).toEqual(splitLines(input, one, truncates));
      }),
      { seed: 20_261_102, numRuns: 150 },
    );
  });

  it("leaves what is behind the last line that was taken", () => {
    fc.assert(
      fc.property(
        long,
        fc.constantFrom("utf-8" as const, "latin1" as const, "bytes" as const),
        fc.nat(),
        (input, encoding, taken) => {
          const decoder = linesOf({ encoding, maxFrameBytes: Infinity }).decoder();
          decoder.push(input.slice());
          let at = 0;
          for (let left = taken % 1_000; left > 0 && decoder.next() !== undefined; left--)
            at = input.indexOf(10, at) + 1;
          expect(textOf(decoder.unread?.() as Uint8Array)).toBe(textOf(input.subarray(at)));
        },
      ),
      { seed: 20_261_103, numRuns: 100 },
    );
  });
});

describe("lines decoder: long lines", () => {
  const characters = fc.constantFrom("x", "é", "€", "😀", "\uFFFD", "\r", "\xff");
  const runs = fc.array(fc.tuple(characters, fc.integer({ min: 1, max: 12_000 })), { minLength: 1, maxLength: 8 });
  const ends = fc.constantFrom("\n", "\r\n", "\nab\n", "");
  const linesOfRuns = fc.array(fc.tuple(runs, ends), { minLength: 1, maxLength: 3 });
  const bytesOfRuns = (lengths: readonly (readonly [string, number])[]) =>
    concat(lengths.map(([text, times]) => (text === "\xff" ? raw(text) : utf8(text.repeat(times)))));
  const options = fc.record({
    maxFrameBytes: fc.constantFrom(20_000, 40_000, Infinity),
    encoding: fc.constantFrom("utf-8" as const, "utf-8" as const, "latin1" as const, "bytes" as const),
    fatal: fc.boolean(),
    unterminated: fc.constantFrom("reject" as const, "deliver" as const),
  });
  const places = fc.array(fc.nat(), { maxLength: 6 });
  const chunksOf = (input: Bytes, at: readonly number[]) =>
    cut(
      input,
      at.map((place) => place % (input.length + 1)),
    ).map((chunk) => chunk.slice());

  it.each([false, true])("gives the lines, in any chunks (and truncated: %s)", (truncates) => {
    fc.assert(
      fc.property(linesOfRuns, options, places, (parts, chosen, at) => {
        const input = concat(parts.flatMap(([lengths, end]) => [bytesOfRuns(lengths), utf8(end)]));
        const codec = truncates ? truncating(linesOf(chosen)) : linesOf(chosen);
        const given = decode(codec, chunksOf(input, at));
        const wanted = splitLines(input, chosen, truncates);
        expect(given.map(({ length }) => length)).toEqual(wanted.map(({ length }) => length));
        expect(given.every((line, index) => line === wanted[index])).toBe(true);
      }),
      { seed: 20_261_130, numRuns: 300 },
    );
  });

  it("gives back the bytes of a line that has not ended, be they UTF-8 or not", () => {
    fc.assert(
      fc.property(runs, places, (lengths, at) => {
        const bytes = bytesOfRuns(lengths);
        const decoder = lines({ maxFrameBytes: Infinity }).decoder();
        for (const chunk of chunksOf(bytes, at)) {
          decoder.push(chunk);
          expect(decoder.next()).toBeUndefined();
          chunk.fill(0);
        }
        const unread = decoder.unread?.() as Bytes;
        expect(unread.length).toBe(bytes.length);
        expect(unread.every((byte, index) => byte === bytes[index])).toBe(true);
      }),
      { seed: 20_261_130, numRuns: 100 },
    );
  });
});

describe("lines decoder: midFrame", () => {
  it("is true from the first byte of a line to its LF", () => {
    const decoder = lines().decoder();
    const seen: boolean[] = [];
    for (const text of ["a", "\r", "\n", "\n", "bc\nd", "\ne\n", "f"]) {
      decoder.push(new TextEncoder().encode(text));
      for (const step = bounded(); decoder.next() !== undefined; ) step();
      seen.push(decoder.midFrame);
    }
    expect(seen).toEqual([true, true, false, false, true, false, true]);
  });

  it("is true while a line that is too long has not ended", () => {
    const decoder = lines({ maxFrameBytes: 2 }).decoder();
    decoder.push(new TextEncoder().encode("abc"));
    expect(() => decoder.next()).toThrow("a line of more than 2 bytes");
    expect(decoder.next()).toBeUndefined();
    expect(decoder.midFrame).toBe(true);
    decoder.push(new TextEncoder().encode("d\n"));
    expect(decoder.next()).toBeUndefined();
    expect(decoder.midFrame).toBe(false);
  });
});

describe("lines decoder: too large", () => {
  it("is reported as soon as it is certain, without the rest of the line", () => {
    const decoder = lines({ maxFrameBytes: 4 }).decoder();
    decoder.push(new TextEncoder().encode("abcd\r"));
    expect(decoder.next()).toBeUndefined();
    decoder.push(new TextEncoder().encode("e"));
    expect(() => decoder.next()).toThrow(expect.objectContaining({ code: "frame-too-large" }));
  });
});

it("a frame of bytes does not change with what comes after it", () => {
  const decoder = lines({ encoding: "bytes" }).decoder();
  const frames: Uint8Array[] = [];
  for (const text of ["ab", "c\nd", "ef\n", "gh\nij\n"]) {
    decoder.push(new TextEncoder().encode(text));
    for (let frame = decoder.next(); frame !== undefined; frame = decoder.next()) frames.push(frame);
  }
  expect(frames.map((frame) => new TextDecoder().decode(frame))).toEqual(["abc", "def", "gh", "ij"]);
});

it("the beginning of a line of bytes does not change with the frames that came in the same chunk", () => {
  const decoder = lines({ encoding: "bytes" }).decoder();
  decoder.push(utf8(`a\n${"b".repeat(30_000)}`));
  const frame = decoder.next();
  expect(decoder.next()).toBeUndefined();
  new Uint8Array((frame as Uint8Array).buffer).fill(0);
  decoder.push(utf8("\n"));
  expect(textOf(decoder.next() as Uint8Array)).toBe("b".repeat(30_000));
});
