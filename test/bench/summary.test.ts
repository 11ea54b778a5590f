import { describe, expect, it } from "vitest";
import { doubts } from "../../bench/doubts.mjs";
import { outcomes, ratio, rows, shareOfTarget, targetsOn } from "../../bench/summary.mjs";
import { LINES, lineSamples, samplesOf } from "./sample_results.ts";

describe("rows", () => {
  it("have the median of all rounds, and the lowest and the highest", () => {
    const [row] = rows(samplesOf("a", [5, 1, 9]));
    expect(row).toMatchObject({ candidate: "a", value: { median: 5, lowest: 1, highest: 9 } });
  });

  it("have the mean of both middle values of an even number of rounds", () => {
    expect(rows(samplesOf("a", [8, 1, 2, 4]))[0]?.value).toEqual({ median: 3, lowest: 1, highest: 8 });
  });

  it("keep the candidates' order, and know what was not measured", () => {
    const both = rows([...samplesOf("b", [1], { busy: 0.5, perSecond: Number.NaN }), ...samplesOf("a", [2])]);
    expect(both.map(({ candidate }) => candidate)).toEqual(["b", "a"]);
    expect(both[0]).toMatchObject({ busy: 0.5, perSecond: undefined, generatorBusy: undefined });
  });
});

describe("a ratio", () => {
  it("is taken within a round", () => {
    // The ratio of both medians would be 1.
    const samples = [...samplesOf("a", [1, 10, 30]), ...samplesOf("b", [10, 5, 10])];
    expect(ratio(samples, "a", "b")).toEqual({ median: 2, lowest: 0.1, highest: 3 });
  });

  it("leaves out a round in which only one was measured", () => {
    const samples = [...samplesOf("a", [2, 3]), ...samplesOf("b", [1])];
    expect(ratio(samples, "a", "b")).toEqual({ median: 2, lowest: 2, highest: 2 });
  });

  it("is none when the other was not measured", () => {
    expect(ratio(samplesOf("a", [1]), "a", "b")).toBeUndefined();
  });
});

describe("targets", () => {
  it("have the bound of their runtime", () => {
    expect(targetsOn(LINES.targets, "node")[0]?.atMost).toBe(1.5);
    expect(targetsOn(LINES.targets, "bun")[0]?.atMost).toBe(3);
    expect(targetsOn(LINES.targets, "bun")[1]?.atLeast).toBe(4);
  });

  it("are none on a runtime that has no bound", () => {
    expect(targetsOn([{ candidate: "a", atMost: { node: 1 } }], "deno")).toEqual([]);
    expect(targetsOn([{ candidate: "a", atLeast: { node: 1 } }], "node")).toEqual([{ candidate: "a", atLeast: 1 }]);
  });

  it("are met or missed by the median", () => {
    const on = (runtime: "node" | "deno") => outcomes(lineSamples(), targetsOn(LINES.targets, runtime));
    expect(on("node").map(({ met }) => met)).toEqual([false, true]);
    expect(on("deno").map(({ met }) => met)).toEqual([true, true]);
    expect(on("deno")[0]?.value).toEqual({ median: 2, lowest: 2, highest: 2 });
  });

  it("are met at their bound", () => {
    expect(outcomes(samplesOf("a", [2]), [{ candidate: "a", atMost: 2, atLeast: 2 }])[0]?.met).toBe(true);
  });

  it("say nothing when one of both was not measured", () => {
    const all = outcomes(lineSamples(), targetsOn(LINES.targets, "node"));
    expect(all.map(({ relativeTo }) => relativeTo)).toEqual(["16 in flight: raw", "16 in flight: spillway"]);
  });

  it("allow a share: up to 1 is met, whichever way the bound is", () => {
    expect(shareOfTarget({ candidate: "a", atMost: 4 }, 3)).toBe(0.75);
    expect(shareOfTarget({ candidate: "a", atLeast: 30 }, 40)).toBe(0.75);
  });
});

describe("doubts", () => {
  const doubtsOf = (busy: number, generatorBusy: number) => doubts(rows(samplesOf("a", [1], { busy, generatorBusy })));

  it("are none while the server is what has work", () => {
    expect(doubtsOf(0.95, 0.5)).toEqual([]);
    expect(doubts(rows(samplesOf("a", [1])))).toEqual([]);
  });

  it("name a generator that may be the bottleneck", () => {
    expect(doubtsOf(0.5, 0.9)).toEqual([expect.stringContaining("bottleneck")]);
  });

  it("name other programs when nobody had the CPU", () => {
    expect(doubtsOf(0.5, 0.5)).toEqual([expect.stringContaining("other programs")]);
  });
});
