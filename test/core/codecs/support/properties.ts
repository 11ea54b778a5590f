import fc from "fast-check";
import { expect } from "vitest";
import type { Bytes, Codec } from "../../../../src/core/mod.ts";
import { cut, raw, textOf } from "./byte_strings.ts";
import { type Decodes, decode, frameText } from "./decode.ts";
import { encode, refusal } from "./encode.ts";

const chunking = fc.array(fc.nat(), { maxLength: 8 });

const inChunks = (input: Bytes, places: readonly number[]): Bytes[] =>
  cut(
    input,
    places.map((place) => place % (input.length + 1)),
  );

/** Pieces in any order, in any chunks: the decoder gives what the model makes of the whole. */
export function agrees(codec: Decodes, pieces: readonly string[], model: (input: Bytes) => readonly string[]): void {
  const inputs = fc.array(fc.constantFrom(...pieces), { maxLength: 24 }).map((parts) => raw(parts.join("")));
  fc.assert(
    fc.property(inputs, chunking, (input, places) => {
      expect(decode(codec, inChunks(input, places)), textOf(input)).toEqual(model(input));
    }),
    { seed: 20_261_104, numRuns: 300 },
  );
}

/** Checks that encoded frames are decoded to the same frames, in any chunks; and that refused frames put nothing out. */
export function roundTrips<Frame>(codec: Codec<unknown, Frame>, frames: fc.Arbitrary<Frame>): void {
  const seen = { sent: 0 };
  fc.assert(
    fc.property(fc.array(frames, { maxLength: 8 }), chunking, (any, places) => {
      const sent = any.filter((frame) => {
        const { error, bytes } = refusal(codec, frame);
        if (error !== undefined) expect({ error, bytes }).toMatchObject({ error: { code: "reply-invalid" }, bytes: 0 });
        return error === undefined;
      });
      seen.sent += sent.length;
      expect(decode(codec, inChunks(encode(codec, sent), places))).toEqual(sent.map(frameText));
    }),
    { seed: 20_261_105, numRuns: 500 },
  );
  expect(seen.sent).toBeGreaterThan(300);
}

/** A frame of bytes, of up to so many. */
export const anyBytes = (maxLength: number): fc.Arbitrary<Bytes> =>
  fc.uint8Array({ maxLength }).map((bytes) => new Uint8Array(bytes));
