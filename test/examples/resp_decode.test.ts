import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { RespLimits } from "../../examples/resp/limits.ts";
import { resp } from "../../examples/resp/resp.ts";
import type { Bytes } from "../../src/mod.ts";
import { chunkings, cut } from "./support/chunkings.ts";
import { bytesOf, decodeCommands, textOf } from "./support/resp_decoding.ts";
import { RESP_TABLE } from "./support/resp_table.ts";

describe.each(RESP_TABLE)("resp decoder: $name", ({ input, limits, gives }) => {
  it("in any chunks", () => {
    const expected = JSON.stringify(gives);
    const isWrong = (chunks: readonly Bytes[]) => JSON.stringify(decodeCommands(chunks, limits)) !== expected;
    // There are thousands: one that is wrong is shown.
    const shown = [...chunkings(bytesOf(input))].find(isWrong) ?? [bytesOf(input)];
    expect(decodeCommands(shown, limits), `chunks of ${shown.map(({ length }) => length).join()} bytes`).toEqual(gives);
  });
});

const places = fc.array(fc.nat(), { maxLength: 12 });

describe("resp decoder, with whatever comes", () => {
  it("gives what was written, in any chunks", () => {
    const command = fc
      .array(fc.uint8Array({ maxLength: 40 }), { minLength: 1, maxLength: 5 })
      .map((words) => words.map(textOf));
    const commands = fc.array(command, { maxLength: 6 });
    fc.assert(
      fc.property(commands, places, (written, at) => {
        const input = bytesOf(written.map(arrayOf).join(""));
        expect(
          decodeCommands(
            cut(
              input,
              at.map((place) => place % (input.length + 1)),
            ),
          ),
        ).toEqual(written);
      }),
      { seed: 20_261_124, numRuns: 1_000 },
    );
  });

  it("gives the same in any chunks", () => {
    const piece = fc.constantFrom(
      "*",
      "$",
      "0",
      "1",
      "2",
      "3",
      "\r\n",
      "\r\n",
      "\n",
      "a",
      "b c",
      '"',
      "'",
      "\\",
      "*2\r\n$1\r\na\r\n$2\r\n",
      "*1\r\n",
      "$1\r\na\r\n",
    );
    const limit = fc.constantFrom(1, 2, 3, 8, Infinity);
    const limits: fc.Arbitrary<RespLimits> = fc.record({
      maxFrameBytes: limit,
      maxArguments: limit,
      maxLineBytes: limit,
    });
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), limits, places, (pieces, chosen, at) => {
        const input = bytesOf(pieces.join(""));
        const chunks = cut(
          input,
          at.map((place) => place % (input.length + 1)),
        );
        expect(decodeCommands(chunks, chosen)).toEqual(decodeCommands([input], chosen));
      }),
      { seed: 20_261_125, numRuns: 4_000 },
    );
  });
});

function arrayOf(words: readonly string[]): string {
  return [`*${words.length}\r\n`, ...words.map((word) => `$${word.length}\r\n${word}\r\n`)].join("");
}

describe("resp decoder: midFrame and lost", () => {
  it("in the middle of a command, from its first byte to its last", () => {
    const decoder = resp().decoder();
    const seen: boolean[] = [];
    for (const text of [
      "*",
      "1\r",
      "\n",
      "$4\r\n",
      "PING",
      "\r",
      "\n",
      "*1\r\n$4\r\nPING\r\n",
      "*0\r\n",
      "GET",
      " k\n",
    ]) {
      decoder.push(bytesOf(text));
      while (decoder.next() !== undefined);
      seen.push(decoder.midFrame);
    }
    expect(seen).toEqual([true, true, true, true, true, true, false, false, false, true, false]);
  });

  it.each([
    ["a broken array", "*x\r\n", "frame-invalid"],
    ["a broken line", 'ECHO "\n', "frame-invalid"],
    ["an argument that is too large", "*1\r\n$2000000\r\n", "frame-too-large"],
    ["a line that is too long", "a".repeat(70_000), "frame-too-large"],
  ])("is lost behind %s, for good", (_name, input, code) => {
    const decoder = resp().decoder();
    decoder.push(bytesOf(input));
    expect(decoder.lost).toBe(false);
    expect(() => decoder.next()).toThrow(expect.objectContaining({ code }));
    expect(decoder.lost).toBe(true);
    decoder.push(bytesOf("PING\r\n"));
    expect(decoder.next()).toBeUndefined();
    expect(decoder.lost).toBe(true);
  });
});

it("a command does not change with what comes after it", () => {
  const decoder = resp().decoder();
  const chunk = bytesOf("*2\r\n$4\r\nECHO\r\n$2\r\nab\r\n");
  decoder.push(chunk);
  const command = decoder.next();
  chunk.fill(0);
  expect(command?.map(textOf)).toEqual(["ECHO", "ab"]);
});

it.each([0, -1, 1.5, NaN])("a limit of %d is refused", (limit) => {
  expect(() => resp({ maxArguments: limit })).toThrow(RangeError);
});
