import { describe, expect, it } from "vitest";
import {
  contentLength,
  delimited,
  fixedLength,
  lengthPrefixed,
  lines,
  netstrings,
  octetCounted,
  type Payload,
  text,
  varintPrefixed,
} from "../../../src/core/codecs/mod.ts";
import type { Bytes, Codec } from "../../../src/core/mod.ts";
import { bounded } from "../../support/bounded.ts";
import { bytesTouched, largestBuffer } from "./support/bytes_touched.ts";
import { encode } from "./support/encode.ts";

const SIZE = 50_000;
const LIMIT = 100;
const SMALLEST_BUFFER = 64;

/** Framings with any limit. */
const LIMITED: readonly { readonly name: string; readonly of: (maxFrameBytes: number) => Codec<unknown, Payload> }[] = [
  { name: "delimited by one", of: (maxFrameBytes) => delimited({ delimiter: "\r\n", maxFrameBytes }) },
  {
    name: "delimited by several",
    of: (maxFrameBytes) => delimited({ delimiter: ["\r\n", "\n", "|"], maxFrameBytes }),
  },
  { name: "lengthPrefixed", of: (maxFrameBytes) => lengthPrefixed({ width: 4, maxFrameBytes }) },
  {
    name: "lengthPrefixed with its header",
    of: (maxFrameBytes) => lengthPrefixed({ width: 4, stripHeader: false, maxFrameBytes }),
  },
  { name: "varintPrefixed", of: (maxFrameBytes) => varintPrefixed({ maxFrameBytes }) },
  { name: "netstrings", of: (maxFrameBytes) => netstrings({ maxFrameBytes }) },
  { name: "octetCounted", of: (maxFrameBytes) => octetCounted({ maxFrameBytes }) },
  { name: "a line of octetCounted", of: syslogLines },
  { name: "contentLength", of: (maxFrameBytes) => contentLength({ maxFrameBytes }) },
  { name: "text", of: (maxFrameBytes) => text(netstrings({ maxFrameBytes })) },
];

const CODECS = [
  { name: "fixedLength", codec: fixedLength({ bytes: SIZE }) as Codec<unknown, Payload> },
  ...LIMITED.map(({ name, of }) => ({ name, codec: of(Infinity) })),
];

/** Decodes with `octetCounted`, and encodes lines, which `octetCounted` does not send. */
function syslogLines(maxFrameBytes: number): Codec<unknown, Payload> {
  return {
    decoder: () => octetCounted({ maxFrameBytes }).decoder(),
    encoder: () => lines().encoder(),
  };
}

const payload = "x".repeat(SIZE);

/** How many frames there are in it, and how many are refused. */
function decode(codec: Codec<unknown, Payload>, input: Bytes, size: number): [frames: number, refused: number] {
  const decoder = codec.decoder();
  let [frames, refused] = [0, 0];
  for (let at = 0; at < input.length; at += size) {
    decoder.push(input.subarray(at, at + size));
    const step = bounded();
    for (let more = true; more && step(); ) {
      try {
        more = decoder.next() !== undefined;
        if (more) frames += 1;
      } catch {
        refused += 1;
      }
    }
  }
  return [frames, refused];
}

describe.each(CODECS)("$name: the work is linear in the bytes", ({ codec }) => {
  it.each([1, 7, 4_096, SIZE * 2])("one frame in pieces of %d", (size) => {
    const input = encode(codec, [payload]);
    let seen: unknown;
    const touched = bytesTouched(() => {
      seen = decode(codec, input, size);
    });
    expect(seen).toEqual([1, 0]);
    // A search, a copy, and what doubling a buffer costs.
    expect(touched).toBeLessThanOrEqual(5 * input.length);
    if (size < SIZE) expect(touched).toBeGreaterThanOrEqual(SIZE - size);
  });
});

describe.each(LIMITED)("$name: short frames", ({ of }) => {
  it.each([1, 333, SIZE * 2])("in pieces of %d, take work that is linear in the bytes", (size) => {
    const codec = of(LIMIT);
    const input = encode(
      codec,
      Array.from({ length: 5_000 }, (_, index) => "y".repeat(4 + (index % 9))),
    );
    let seen: unknown;
    const touched = bytesTouched(() => {
      seen = decode(codec, input, size);
    });
    expect(seen).toEqual([5_000, 0]);
    expect(touched).toBeLessThanOrEqual(5 * input.length);
  });
});

describe.each(CODECS)("$name: what is kept", ({ name, codec }) => {
  it("of half a frame is at most twice that, whatever its length was said to be", () => {
    const whole = encode(codec, [payload]);
    for (const length of [1, 10, 1_000, 20_000]) {
      const half = whole.slice(0, length);
      const kept = largestBuffer(() => decode(codec, half, 13));
      expect(kept, `${name}, ${length} bytes`).toBeLessThanOrEqual(Math.max(2 * length, SMALLEST_BUFFER));
      expect(kept, `${name}, ${length} bytes`).toBeGreaterThanOrEqual(Math.min(length, 13));
    }
  });
});

describe.each(LIMITED)("$name: a frame that is too large", ({ of }) => {
  it("is refused once, and nothing of it is kept", () => {
    const codec = of(LIMIT);
    const input = encode(codec, [payload, "okay"]);
    let seen: unknown;
    const kept = largestBuffer(() => {
      seen = decode(codec, input, 50);
    });
    expect(seen).toEqual([1, 1]);
    expect(kept).toBeLessThanOrEqual(2 * LIMIT);
    // Once for each thing that may end it, and a copy of what was kept until it was too large.
    expect(bytesTouched(() => decode(codec, input, 50))).toBeLessThanOrEqual(2 * (input.length + LIMIT));
  });
});
