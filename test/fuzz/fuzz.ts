import { type Random, seededRandom } from "spillway/testing";
import { cutAnywhere, makeInput } from "./inputs.ts";
import { keptOf, leaveBehind, replay } from "./replay.ts";
import type { Subject } from "./subjects.ts";

/** An input that a codec fails on. */
export interface Failure {
  /** With the seed, this makes the input again. */
  readonly index: number;
  readonly input: Uint8Array;
  readonly error: unknown;
}

/** Tries the inputs from `first` on, `count` of them; the first one that fails. */
export function fuzz(subjects: readonly Subject[], seed: number, first: number, count: number): Failure | undefined {
  const source = seededRandom(seed);
  for (let index = first; index < first + count; index++) {
    const random = source.fork(String(index));
    const subject = random.pick(subjects);
    const input = makeInput(random, subject.words);
    try {
      checkInput(subject, input, random);
    } catch (error) {
      return { index, input, error };
    }
  }
  return undefined;
}

/**
 * No throw outside the contract, an end, no frame above the limit, the same frames however the input is cut; and nothing lost
 * or kept beyond the limit where another decoder takes over. @throws {Error} what is wrong
 */
function checkInput(subject: Subject, input: Uint8Array<ArrayBuffer>, random: Random): void {
  const whole = replay(subject, [input.slice()]);
  const chunks = cutAnywhere(random, input);
  const cut = replay(subject, chunks.map(copy));
  expectSame(cut.given, whole.given, "in chunks");
  if (whole.frames.length > 0) {
    const count = 1 + random.below(whole.frames.length);
    const behind = whole.given.slice((whole.frames[count - 1] as number) + 1);
    const left = leaveBehind(subject, chunks.map(copy), count);
    if (left !== undefined) expectSame(replay(subject, left).given, behind, `behind frame ${count}`);
  }
  const kept = keptOf(subject, chunks.slice(0, random.below(chunks.length + 1)).map(copy));
  if (kept > subject.maxKept) throw new Error(`it keeps ${kept} bytes, above the limit of ${subject.maxKept}`);
}

/** Chunks are the decoder's. */
function copy(chunk: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  return chunk.slice();
}

function expectSame(given: readonly string[], expected: readonly string[], where: string): void {
  const [one, other] = [given.join("\n"), expected.join("\n")];
  if (one !== other) throw new Error(`${where} it gives\n${one}\nbut otherwise\n${other}`);
}
