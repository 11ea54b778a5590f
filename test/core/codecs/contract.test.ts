import { describe, expect, it, vi } from "vitest";
import { FrameInput } from "../../../src/core/codecs/frame_input.ts";
import type { Bytes, Decoder } from "../../../src/core/mod.ts";
import { cut } from "./support/byte_strings.ts";
import { type Decodes, frameText, unmarked } from "./support/decode.ts";
import { TABLES } from "./support/tables.ts";

const LONGEST = 400;

const TESTED = TABLES.map(({ name, table }) => ({ name, rows: table.filter(({ input }) => input.length <= LONGEST) }));

/** Takes all there is; how much that was, errors included. */
function drain(decoder: Decoder<unknown>, frames: unknown[] = []): number {
  for (let count = 0; ; count++) {
    try {
      const frame = decoder.next();
      if (frame === undefined) return count;
      frames.push(frame);
    } catch {
      if (decoder.lost === true) return count + 1;
    }
  }
}

describe("midFrame", () => {
  it.each(TESTED)("is true exactly where an end would cut a frame off: $name", ({ rows }) => {
    const seen = new Set<boolean>();
    // Those were reported when they became too long, and an end is what delivers.
    for (const { codec, input, name } of rows.filter((row) => !row.name.startsWith("too long to deliver"))) {
      for (let length = 0; length <= input.length; length++) {
        for (const chunks of [[input.slice(0, length)], bytewise(input.slice(0, length))]) {
          const decoder = codec.decoder();
          for (const chunk of chunks) {
            if (decoder.lost === true) break;
            decoder.push(chunk);
            drain(decoder);
          }
          if (decoder.lost === true) continue;
          const { midFrame } = decoder;
          decoder.end();
          expect(drain(decoder) > 0, `${name}, after ${length} bytes`).toBe(midFrame);
          seen.add(midFrame);
        }
      }
    }
    expect(seen).toEqual(new Set([true, false]));
  });
});

describe("frames", () => {
  it.each(TESTED)("stay as they are while the decoder goes on: $name", ({ rows }) => {
    for (const { codec, input, gives, name } of rows) {
      for (const size of [1, 3, LONGEST]) {
        const places = Array.from({ length: Math.ceil(input.length / size) }, (_, index) => index * size);
        expect(allFrames(codec, cut(input, places)).map(frameText), name).toEqual(
          unmarked(gives.filter((given) => !given.startsWith("!"))),
        );
      }
    }
  });
});

describe("a decoder that ran dry", () => {
  it.each(TESTED)("holds no chunk: $name", ({ rows }) => {
    const pushed = vi.spyOn(FrameInput.prototype, "push");
    try {
      for (const { codec, input, name } of rows) {
        for (let at = 0; at <= input.length; at++) {
          const decoder = codec.decoder();
          pushed.mockClear();
          for (const chunk of cut(input, [at])) {
            decoder.push(chunk);
            drain(decoder);
            if (decoder.lost === true) break;
            const held = pushed.mock.contexts.at(-1) as FrameInput | undefined;
            expect(held?.chunk.length ?? 0, `${name}, cut at ${at}`).toBe(0);
          }
        }
      }
    } finally {
      pushed.mockRestore();
    }
  });
});

function bytewise(input: Bytes): Bytes[] {
  return Array.from(input, (byte) => Uint8Array.of(byte));
}

function allFrames(codec: Decodes, chunks: readonly Bytes[]): unknown[] {
  const decoder = codec.decoder();
  const frames: unknown[] = [];
  for (const chunk of chunks) {
    decoder.push(chunk.slice());
    drain(decoder, frames);
    if (decoder.lost === true) return frames;
  }
  decoder.end();
  drain(decoder, frames);
  return frames;
}
