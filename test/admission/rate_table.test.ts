import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { RateTable } from "../../src/admission/rate_table.ts";
import { manualClock } from "../../src/testing/mod.ts";

describe("RateTable", () => {
  it("stays within its bound with a million keys", () => {
    const table = new RateTable({ perSecond: 1, burst: 1, maxKeys: 1_000, clock: manualClock() });
    let [largest, taken] = [0, 0];
    for (let key = 0; key < 1_000_000; key += 1) {
      if (table.take(`key ${key}`)) taken += 1;
      largest = Math.max(largest, table.size);
    }
    expect([largest, taken]).toEqual([1_000, 1_000_000]);
  });

  it.each([2, 3, 10, 11])("with room for %d keys remembers half of them at least, those used last", (maxKeys) => {
    const table = new RateTable({ perSecond: 1, burst: 1, maxKeys, clock: manualClock() });
    const half = Math.floor(maxKeys / 2);
    for (let key = 0; key < 100; key += 1) {
      table.take(String(key));
      expect(table.size).toBeLessThanOrEqual(maxKeys);
      const last = Array.from({ length: Math.min(half, key + 1) }, (_, back) => String(key - back));
      for (const one of last.toReversed()) expect(table.take(one), `${one} after ${key}`).toBe(false);
    }
  });

  it("does not forget a key that goes on trying", () => {
    const table = new RateTable({ perSecond: 1, burst: 1, maxKeys: 10, clock: manualClock() });
    expect(table.take("one")).toBe(true);
    for (let key = 0; key < 1_000; key += 1) {
      table.take(String(key));
      expect(table.take("one")).toBe(false);
    }
  });

  it("gives a forgotten key a full bucket", () => {
    const table = new RateTable({ perSecond: 1, burst: 2, maxKeys: 4, clock: manualClock() });
    expect([table.take("one"), table.take("one"), table.take("one")]).toEqual([true, true, false]);
    for (const key of ["two", "three", "four", "five"]) table.take(key);
    expect([table.take("one"), table.take("one"), table.take("one")]).toEqual([true, true, false]);
  });

  it("forgets keys whose buckets are full again, as others come", async () => {
    const clock = manualClock();
    const table = new RateTable({ perSecond: 2, burst: 4, maxKeys: 1_000, clock });
    for (let key = 0; key < 300; key += 1) table.take(String(key));
    await clock.advance(1_999);
    table.take("0");
    expect(table.size).toBe(300);
    await clock.advance(1);
    table.take("1");
    expect(table.size).toBe(300);
    await clock.advance(2_000);
    table.take("2");
    expect(table.size).toBe(2);
  });

  it("answers as a table of all buckets does while there is room", () => {
    const step = fc.record({
      key: fc.constantFrom("a", "b", "c", "d"),
      afterMs: fc.oneof(fc.constant(0), fc.nat(1_000)),
    });
    const settings = { perSecond: fc.constantFrom(1, 2, 4, 8), burst: fc.integer({ min: 1, max: 5 }) };
    let refusals = 0;
    fc.assert(
      fc.property(
        fc.array(step, { minLength: 20, maxLength: 100 }),
        fc.record(settings),
        (steps, { perSecond, burst }) => {
          const clock = manualClock();
          const table = new RateTable({ perSecond, burst, maxKeys: 8, clock });
          const model = new Map<string, { tokens: number; at: number }>();
          for (const { key, afterMs } of steps) {
            // A multiple of an eighth of a second, so that the sums of the model are exact.
            clock.jump(125 * Math.floor(afterMs / 125));
            const now = clock.now();
            const { tokens, at } = model.get(key) ?? { tokens: burst, at: now };
            const filled = Math.min(burst, tokens + ((now - at) / 1_000) * perSecond);
            const takes = filled >= 1;
            refusals += takes ? 0 : 1;
            model.set(key, { tokens: takes ? filled - 1 : filled, at: now });
            expect(table.take(key)).toBe(takes);
          }
        },
      ),
    );
    expect(refusals).toBeGreaterThan(100);
  });

  it("keeps any rate over an hour of tries", () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.01, max: 50, noNaN: true }),
        fc.integer({ min: 1, max: 20 }),
        (perSecond, burst) => {
          const clock = manualClock();
          const table = new RateTable({ perSecond, burst, maxKeys: 2, clock });
          let taken = 0;
          for (let tries = 0; tries < 3_600; tries += 1) {
            for (let tokens = 0; tokens < 60 && table.take("one"); tokens += 1) taken += 1;
            clock.jump(1_000);
          }
          const most = burst + perSecond * 3_599;
          expect(taken).toBeLessThanOrEqual(most + 1);
          // A bucket that is smaller than a second's worth loses what it cannot hold.
          if (burst >= perSecond + 1) expect(taken).toBeGreaterThan(most - burst - 1);
        },
      ),
      { numRuns: 30 },
    );
  });
});
