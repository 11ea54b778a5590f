import { describe, expect, it } from "vitest";
import { lines } from "../../../src/core/codecs/mod.ts";
import { cut, textOf } from "./support/byte_strings.ts";
import { CUT, type Decodes, frameText } from "./support/decode.ts";
import { TABLES } from "./support/tables.ts";

/** Returns the input that another codec would get behind the first `count` frames. */
function leave(codec: Decodes, chunks: readonly Uint8Array<ArrayBuffer>[], count: number): string {
  const decoder = codec.decoder();
  const given: string[] = [];
  for (const [index, chunk] of chunks.entries()) {
    decoder.push(chunk.slice());
    while (given.length < count) {
      const frame = decoder.next();
      if (frame === undefined) break;
      given.push(frameText(frame));
    }
    if (given.length === count)
      return [decoder.unread?.() ?? [], ...chunks.slice(index + 1)]
        .map((bytes) => textOf(bytes as Uint8Array))
        .join("");
  }
  throw new Error(`there are only ${given.length} frames`);
}

describe("unread()", () => {
  it.each(TABLES)("gives all that is behind a frame, however the input is cut: $name", ({ table }) => {
    const clean = table.filter(
      ({ input, gives }) =>
        input.length < 400 && gives.length > 1 && !gives.some((one) => one.startsWith("!") || one.endsWith(CUT)),
    );
    expect(clean.length).toBeGreaterThan(0);
    for (const { codec, input, gives, name } of clean) {
      for (let count = 0; count < gives.length; count++) {
        const whole = leave(codec, [input], count);
        expect(textOf(input).endsWith(whole)).toBe(true);
        for (let at = 0; at <= input.length; at++) {
          expect(leave(codec, cut(input, [at]), count), `${name}: ${count} frames, cut at ${at}`).toBe(whole);
        }
      }
    }
  });
});

it("is in the order that it was pushed in, even when nothing was asked for", () => {
  const decoder = lines().decoder();
  decoder.push(Uint8Array.of(0x61));
  expect(decoder.next()).toBeUndefined();
  decoder.push(Uint8Array.of(0x62));
  expect(textOf(decoder.unread?.() as Uint8Array)).toBe("ab");
});
