// The figures that the dashboard works out by itself.
import { describe, expect, it } from "vitest";
import { bytes, compact, duration, many, milliseconds } from "../../../src/admin/page/format.js";
import { HandlerTimes } from "../../../src/admin/page/handler_times.js";
import { History } from "../../../src/admin/page/history.js";
import { Rates } from "../../../src/admin/page/rates.js";

describe("the formats of the dashboard", () => {
  it("are short, and have their units", () => {
    expect([0, 7, 999, 1_000, 12_345, 4_560_000, 2e9].map(compact)).toEqual([
      "0",
      "7",
      "999",
      "1k",
      "12.3k",
      "4.56M",
      "2G",
    ]);
    expect([0, 1_023, 1_024, 100_000, 5 * 2 ** 30].map(bytes)).toEqual(["0 B", "1023 B", "1 KiB", "97.7 KiB", "5 GiB"]);
    expect([many(1, "frame"), many(2_000, "push", "pushes")]).toEqual(["1 frame", "2,000 pushes"]);
    expect([0, 0.456, 3.14, 12.6, 1_500].map(milliseconds)).toEqual(["0 ms", "0.46 ms", "3.1 ms", "13 ms", "1.5 s"]);
    expect([12, 5_000, 65_000, 3_660_000, 90_000_000].map(duration)).toEqual([
      "12 ms",
      "5 s",
      "1 m 05 s",
      "1 h 01 m",
      "1 d 1 h",
    ]);
  });
});

describe("Rates", () => {
  it("are per second, and unknown at first and when a count has fallen", () => {
    const rates = new Rates();
    expect(rates.next(1_000, { frames: 10 })).toEqual({ frames: null });
    expect(rates.next(3_000, { frames: 30 })).toEqual({ frames: 10 });
    expect(rates.next(4_000, { frames: 5 })).toEqual({ frames: null });
    expect(rates.next(4_500, { frames: 6 })).toEqual({ frames: 2 });
    rates.forget();
    expect(rates.next(5_000, { frames: 7 })).toEqual({ frames: null });
  });
});

describe("HandlerTimes", () => {
  const text = (counts: [string, number][], labels = "") =>
    counts.map(([le, count]) => `spillway_handler_seconds_bucket{${labels}le="${le}"} ${count}`).join("\n");

  it("are percentiles of what has come since the last look", () => {
    const times = new HandlerTimes();
    expect(
      times.next(
        text([
          ["0.001", 50],
          ["0.01", 50],
          ["+Inf", 50],
        ]),
      ),
    ).toEqual({ p50: null, p99: null });
    const next = times.next(
      text([
        ["0.001", 140],
        ["0.01", 150],
        ["+Inf", 150],
      ]),
    );
    expect(next.p50).toBeCloseTo(0.556, 2);
    expect(next.p99).toBeCloseTo(9.1, 1);
    expect(
      times.next(
        text([
          ["0.001", 140],
          ["0.01", 150],
          ["+Inf", 150],
        ]),
      ),
    ).toEqual({ p50: null, p99: null });
  });

  it("are summed over labels, and beyond the last bound are that bound", () => {
    const times = new HandlerTimes();
    times.next("");
    const one = text(
      [
        ["0.001", 0],
        ["+Inf", 0],
      ],
      'service="a",',
    );
    times.next(
      `${one}\n# HELP x\n${text(
        [
          ["0.001", 0],
          ["+Inf", 0],
        ],
        'service="b",',
      )}`,
    );
    const later = `${text(
      [
        ["0.001", 1],
        ["+Inf", 1],
      ],
      'service="a",',
    )}\n${text(
      [
        ["0.001", 0],
        ["+Inf", 9],
      ],
      'service="b",',
    )}`;
    expect(times.next(later)).toEqual({ p50: 1, p99: 1 });
  });
});

describe("History", () => {
  it("keeps five minutes, with gaps", () => {
    const history = new History(["a", "b"]);
    for (let second = 0; second < 1_000; second += 1) history.push(second, second % 2 === 0 ? { a: second } : {});
    expect(history.times.length).toBe(300);
    expect(history.column("a").slice(-2)).toEqual([998, null]);
    expect(history.column("b").length).toBe(300);
    expect(history.range).toEqual([700, 999]);
  });

  it("begins with a minute", () => {
    const history = new History(["a"]);
    history.push(1_000, { a: 1 });
    expect(history.range).toEqual([940, 1_000]);
  });
});
