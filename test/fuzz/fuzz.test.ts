import { lines } from "spillway/codecs";
import { type Codec, type Decoder, SpillwayError } from "spillway/core";
import { seededRandom } from "spillway/testing";
import { describe, expect, it } from "vitest";
import { fuzz } from "./fuzz.ts";
import { cutAnywhere, makeInput } from "./inputs.ts";
import { SUBJECTS, type Subject } from "./subjects.ts";

const SEED = 20_261_106;
const INPUTS = 1_500;

describe("a short fuzz", () => {
  it.each(Object.entries(SUBJECTS))("finds no fault in %s", (_name, subjects) => {
    expect(fuzz(subjects, SEED, 0, INPUTS)).toBeUndefined();
  });
});

/** Lines of bytes, but for one thing. */
function faulty(change: (decoder: Required<Decoder<Uint8Array>>) => Partial<Decoder<Uint8Array>>): Subject {
  const codec = lines({ encoding: "bytes", maxFrameBytes: 8 });
  const decoder = (): Decoder<unknown> => {
    const inner = codec.decoder() as Required<Decoder<Uint8Array<ArrayBuffer>>>;
    return {
      push: (chunk) => inner.push(chunk),
      next: () => inner.next(),
      end: () => inner.end(),
      unread: () => inner.unread(),
      get midFrame() {
        return inner.midFrame;
      },
      ...change(inner),
    };
  };
  const changed = { decoder, encoder: () => codec.encoder() } satisfies Codec<unknown, never>;
  return { codec: changed, maxFrame: 8, maxKept: 9, words: ["a", "\n", "\r\n", "12345678", "123456789"] };
}

const nothing = new Uint8Array(0);

describe("the fuzzer", () => {
  it.each<[string, string, Subject]>([
    [
      "throws what it must not",
      "not of the contract",
      faulty((inner) => ({
        next() {
          const frame = inner.next();
          if (frame?.length === 1) throw new TypeError("not of the contract");
          return frame;
        },
      })),
    ],
    [
      "throws a code that is not a frame's",
      "of another kind",
      faulty((inner) => ({
        next() {
          const frame = inner.next();
          if (frame?.length === 1) throw new SpillwayError("reply-invalid", "of another kind");
          return frame;
        },
      })),
    ],
    ["never comes to an end", "more than there can be", faulty(() => ({ next: () => nothing }))],
    [
      "gives a frame above the limit",
      "above the limit of 8",
      faulty((inner) => ({
        next() {
          const frame = inner.next();
          return frame?.length === 8 ? new Uint8Array(9) : frame;
        },
      })),
    ],
    [
      "depends on how the input is cut",
      "in chunks it gives",
      faulty((inner) => ({
        push: (chunk) => inner.push(chunk.length === 1 ? chunk.map((byte) => byte & 0xfe) : chunk),
      })),
    ],
    ["loses what another decoder should get", "behind frame", faulty(() => ({ unread: () => nothing }))],
    [
      "gives it to both",
      "behind frame",
      faulty((inner) => {
        let last = nothing;
        const push = (chunk: Uint8Array<ArrayBuffer>) => inner.push((last = chunk));
        return { push, unread: () => last };
      }),
    ],
    [
      "keeps more than it may",
      "it keeps",
      faulty((inner) => {
        let ranDry = false;
        return {
          next() {
            const frame = inner.next();
            ranDry = frame === undefined;
            return frame;
          },
          unread: () => (ranDry ? new Uint8Array(100) : inner.unread()),
        };
      }),
    ],
    [
      "says nothing of what was cut off",
      "within a frame after the end",
      faulty((inner) => ({
        next() {
          try {
            return inner.next();
          } catch {
            return undefined;
          }
        },
        midFrame: true,
      })),
    ],
  ])("finds a decoder that %s", (_name, message, subject) => {
    const failure = fuzz([subject], SEED, 0, INPUTS);
    expect(failure?.error).toMatchObject({ message: expect.stringContaining(message) as string });
    const again = fuzz([subject], SEED, failure?.index as number, 1);
    expect(again?.input).toEqual(failure?.input);
  });
});

describe("inputs", () => {
  it("are the same for the same seed, and others for another", () => {
    const some = (seed: number) =>
      Array.from({ length: 20 }, (_, index) => makeInput(seededRandom(seed).fork(String(index)), ["a", "bc"]));
    expect(some(1)).toEqual(some(1));
    expect(some(1)).not.toEqual(some(2));
  });

  it("are cut without a loss", () => {
    for (let index = 0; index < 200; index++) {
      const random = seededRandom(SEED).fork(String(index));
      const input = makeInput(random, ["abc", "\n"]);
      expect(cutAnywhere(random, input).flatMap((chunk) => [...chunk])).toEqual([...input]);
    }
  });
});
