import { describe, expect, it } from "vitest";
import { HandlerTimes } from "../../../src/cli/top/handler_times.ts";
import { Rates } from "../../../src/cli/top/rates.ts";

describe("rates", () => {
  function counted(...rounds: readonly (readonly [atMs: number, counts: Record<string, number>])[]) {
    const rates = new Rates();
    return rounds.map(([atMs, counts]) => {
      rates.begin();
      return Object.fromEntries(
        Object.entries(counts).map(([name, count]) => [name, rates.next(name, atMs, [count])?.[0]]),
      );
    });
  }

  it("are what has come since the last round, per second", () => {
    expect(counted([0, { a: 5 }], [500, { a: 10, b: 7 }], [2_500, { a: 10, b: 9 }])).toEqual([
      { a: undefined },
      { a: 10, b: undefined },
      { a: 0, b: 1 },
    ]);
  });

  it("are unknown when a count has fallen, and for a name that was away", () => {
    expect(counted([0, { a: 5, b: 1 }], [1_000, { a: 4 }], [2_000, { a: 5, b: 2 }])).toEqual([
      { a: undefined, b: undefined },
      { a: undefined },
      { a: 1, b: undefined },
    ]);
  });

  it("are the same when a name is asked for twice in a round, and are forgotten on demand", () => {
    const rates = new Rates();
    rates.begin();
    rates.next("a", 0, [0]);
    rates.begin();
    expect(rates.next("a", 1_000, [5])).toEqual([5]);
    expect(rates.next("a", 1_001, [5])).toEqual([5]);
    rates.forget();
    rates.begin();
    expect(rates.next("a", 2_000, [9])).toBeUndefined();
  });

  it("are unknown when no time has passed", () => {
    expect(counted([7, { a: 1 }], [7, { a: 2 }])[1]).toEqual({ a: undefined });
  });
});

describe("the times of handlers", () => {
  const metrics = (counts: readonly number[]) =>
    ["0.001", "0.01", "+Inf"]
      .map((le, at) => `spillway_handler_seconds_bucket{le="${le}",x="y"} ${counts[at]}`)
      .join("\n");

  it("are percentiles of what has come between two looks", () => {
    const times = new HandlerTimes();
    expect(times.next(metrics([100, 100, 100]))).toEqual({});
    expect(times.next(metrics([200, 200, 200]))).toEqual({ p50Ms: 0.5, p99Ms: 0.99 });
    const { p50Ms, p99Ms } = times.next(metrics([250, 300, 300]));
    expect(p50Ms).toBeCloseTo(1);
    expect(p99Ms).toBeCloseTo(9.82);
    expect(times.next(metrics([250, 300, 400]))).toEqual({ p50Ms: 10, p99Ms: 10 });
    expect(times.next(metrics([250, 300, 400]))).toEqual({ p50Ms: undefined, p99Ms: undefined });
  });

  it("are unknown without a histogram, after a restart, and of garbage", () => {
    const times = new HandlerTimes();
    expect(times.next("# nothing\n")).toEqual({});
    times.next(metrics([100, 100, 100]));
    expect(times.next(metrics([1, 1, 1]))).toEqual({ p50Ms: undefined, p99Ms: undefined });
    times.forget();
    expect(times.next(metrics([9, 9, 9]))).toEqual({});
    expect(times.next('spillway_handler_seconds_bucket{le="x"} y')).toEqual({ p50Ms: undefined, p99Ms: undefined });
  });
});
