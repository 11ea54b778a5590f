import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BestOf } from "../../src/admin/best_of.ts";
import { Ring } from "../../src/admin/ring.ts";

describe("BestOf", () => {
  it("gives the first values of the order, from the last to the first, of any values", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -20, max: 20 })), fc.nat(30), (values, most) => {
        const best = new BestOf<number>(most, (one, other) => one - other);
        for (const value of values) best.push(value);
        const popped: number[] = [];
        while (best.size > 0) popped.push(best.popLast() as number);
        expect(popped.toReversed()).toEqual(values.toSorted((one, other) => one - other).slice(0, most));
        expect(best.popLast()).toBeUndefined();
      }),
    );
  });

  it("compares each value a bounded number of times", () => {
    let compared = 0;
    let most = 0;
    const best = new BestOf<number>(1_000, (one, other) => {
      compared += 1;
      return one - other;
    });
    // Falling values are the worst case: each takes the place of another.
    for (let value = 20_000; value > 0; value -= 1) {
      const before = compared;
      best.push(value);
      most = Math.max(most, compared - before);
    }
    expect(most).toBeLessThanOrEqual(1 + 2 * 10);
  });
});

describe("Ring", () => {
  it("keeps the last values, the newest first", () => {
    fc.assert(
      fc.property(fc.array(fc.integer()), fc.integer({ min: 1, max: 10 }), (values, most) => {
        const ring = new Ring<number>(most);
        for (const value of values) ring.push(value);
        expect(ring.newestFirst()).toEqual(values.slice(-most).toReversed());
        expect(ring.size).toBe(Math.min(values.length, most));
        ring.clear();
        expect(ring.newestFirst()).toEqual([]);
      }),
    );
  });
});
