import { seededRandom } from "spillway/testing";
import { describe, expect, it } from "vitest";
import { drawActs } from "./draw_acts.ts";

const ACTS = ["a", "b", "c", "d", "e"];

function drawn(seed: number, times: number): readonly (readonly string[])[] {
  const acts = drawActs(seededRandom(seed), ACTS);
  return Array.from({ length: times }, () => acts.next().value);
}

describe("what is drawn for a storm", () => {
  it("is the same for the same seed, and another for another", () => {
    expect(drawn(1, 20)).toEqual(drawn(1, 20));
    expect(drawn(1, 20)).not.toEqual(drawn(2, 20));
  });

  it("has each act once before any comes again, and sometimes two at one time", () => {
    const flat = drawn(3, 40).flat();
    for (let at = 0; at + ACTS.length <= flat.length; at += ACTS.length) {
      expect(flat.slice(at, at + ACTS.length).toSorted()).toEqual(ACTS);
    }
    expect(new Set(drawn(3, 40).map(({ length }) => length))).toEqual(new Set([1, 2]));
  });
});
