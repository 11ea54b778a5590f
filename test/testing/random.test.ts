import { describe, expect, it } from "vitest";
import { Splitmix, seededRandom, Xoshiro } from "../../src/testing/random.ts";

describe("the published values of", () => {
  it("splitmix64 for the seed 1234567", () => {
    const mix = new Splitmix(1_234_567n);
    expect(Array.from({ length: 5 }, () => mix.next())).toEqual([
      6457827717110365317n,
      3203168211198807973n,
      9817491932198370423n,
      4593380528125082431n,
      16408922859458223821n,
    ]);
  });

  it("xoshiro128** for the state 1, 2, 3, 4", () => {
    const random = new Xoshiro(0n, [1, 2, 3, 4]);
    expect(Array.from({ length: 10 }, () => random.next())).toEqual([
      11520, 0, 5927040, 70819200, 2031721883, 1637235492, 1287239034, 3734860849, 3729100597, 4258142804,
    ]);
  });
});

describe("a seeded source", () => {
  const some = (seed: number) => Array.from({ length: 50 }, () => seededRandom(seed).next());

  it("is the same for the same seed, and another for another", () => {
    expect(some(1)).toEqual(some(1));
    expect(some(1)).not.toEqual(some(2));
  });

  it("forks by name, whatever was drawn", () => {
    const random = seededRandom(3);
    const before = random.fork("one").next();
    random.next();
    expect(random.fork("one").next()).toBe(before);
    expect(random.fork("other").next()).not.toBe(before);
  });

  it("draws every number of a range, and none beside it", () => {
    const random = seededRandom(4);
    const drawn = Array.from({ length: 1_000 }, () => random.between(2, 5));
    expect(new Set(drawn)).toEqual(new Set([2, 3, 4, 5]));
  });

  it("picks one of several, and refuses none", () => {
    const random = seededRandom(5);
    expect(new Set(Array.from({ length: 100 }, () => random.pick(["a", "b"])))).toEqual(new Set(["a", "b"]));
    expect(() => random.pick([])).toThrow(RangeError);
  });

  it.each([-1, 0.5, Number.NaN, 2 ** 53])("refuses the seed %s", (seed) => {
    expect(() => seededRandom(seed)).toThrow(RangeError);
  });
});
