import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Latencies } from "../../../src/cli/bench/latencies.ts";

const of = (times: readonly number[]) => {
  const latencies = new Latencies();
  for (const ms of times) latencies.add(ms);
  return latencies;
};

/** The time at a percentile, by its definition. */
function exact(times: readonly number[], percent: number): number {
  const sorted = times.toSorted((one, other) => one - other);
  return sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)] as number;
}

const times = fc.array(fc.double({ min: 0.001, max: 3_000_000, noNaN: true }), { minLength: 1, maxLength: 200 });

describe("a distribution of times", () => {
  it("knows percentiles to three digits", () => {
    fc.assert(
      fc.property(times, fc.constantFrom(50, 90, 99, 99.9, 100), (all, percent) => {
        const expected = exact(all, percent);
        const found = of(all).atPercentile(percent);
        expect(Math.abs(found - expected)).toBeLessThanOrEqual(Math.max(0.001, expected * 0.002));
      }),
    );
  });

  it("is the same after it went to another process, and merged as if all times had been added to one", () => {
    fc.assert(
      fc.property(times, times, (one, other) => {
        const merged = of(one);
        merged.merge(Latencies.decode(of(other).encode()));
        const whole = of([...one, ...other]);
        const summary = (latencies: Latencies) =>
          [50, 90, 99, 99.9].map((percent) => latencies.atPercentile(percent)).concat(latencies.maxMs, latencies.count);
        expect(summary(merged)).toEqual(summary(whole));
      }),
    );
  });

  it("is zero while it is empty, also after it went to another process", () => {
    for (const empty of [new Latencies(), Latencies.decode(new Latencies().encode())]) {
      expect([empty.count, empty.atPercentile(99), empty.maxMs, empty.meanMs]).toEqual([0, 0, 0, 0]);
    }
  });

  it("counts what is shorter than a microsecond as one, and what is longer than an hour as an hour", () => {
    expect(of([0]).maxMs).toBe(0.001);
    const longest = of([Number.MAX_SAFE_INTEGER]).maxMs;
    expect(longest).toBeGreaterThan(3_590_000);
    expect(longest).toBeLessThan(3_610_000);
  });
});
