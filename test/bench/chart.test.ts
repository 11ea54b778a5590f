import { describe, expect, it } from "vitest";
import { drawChart } from "../../bench/chart/chart.mjs";
import { logScale } from "../../bench/chart/scales.mjs";
import { sampleResults } from "./sample_results.ts";
import { elementsOf } from "./xml.ts";

const chart = drawChart(sampleResults());
const elements = elementsOf(chart);
const texts = elements.filter(({ name }) => name === "text").map(({ text }) => text);

function count(name: string, className: string): number {
  return elements.filter((element) => element.name === name && element.attributes["class"] === className).length;
}

describe("the chart", () => {
  it("is one well-formed SVG that loads nothing", () => {
    expect(elements[0]).toMatchObject({ name: "svg", attributes: { xmlns: "http://www.w3.org/2000/svg" } });
    expect(chart).not.toMatch(/href|url\(|@import|<script/);
  });

  it("has only numbers for places", () => {
    expect(chart).not.toMatch(/NaN|undefined|Infinity/);
  });

  it("is the same for the same results", () => {
    expect(drawChart(sampleResults())).toBe(chart);
  });

  it("says what, where and with which versions it was measured", () => {
    expect(texts).toContain("2026-01-02, on Example CPU, 2 CPUs, 8 GB, Linux 6.1 x64");
    for (const title of ["Node 20.1.2", "Deno 2.3.4", "Bun 1.2.3"]) expect(texts).toContain(title);
  });

  it("says that a run was quick or interrupted", () => {
    expect(drawChart({ ...sampleResults(), quick: true, complete: false })).toContain("quick run, not complete");
  });

  it("has a bar for every target, and tells those that are missed", () => {
    // In the legend there is one of each. Missed: Spillway / raw on Node, memory on Bun.
    expect(count("rect", "missed")).toBe(1 + 2);
    // 3 of lines and 1 of memory on each, without Go on Deno; of the codecs the worst on each.
    expect(count("rect", "ours")).toBe(1 + 3 * 3 - 1 + 3 + 3 - 2);
    expect(texts).toContain("2.00 (≤ 1.5) ✕");
    expect(texts).toContain("5.00 (≥ 4)");
    expect(texts).toContain("not measured");
  });

  it("shows only the worst of many targets", () => {
    expect(texts).toContain("the worst of 7");
    expect(texts).toContain("0.800 (≤ 1.1)");
    expect(texts).not.toContain("0.750 (≤ 1.1)");
  });

  it("has a dot for every candidate of a comparison", () => {
    expect(count("circle", "ours")).toBe(3);
    expect(count("circle", "theirs")).toBe(3 * 3 - 1);
    expect(texts).toContain("16 in flight");
    expect(texts).toContain("raw: the floor");
    expect(texts).toContain("µs, logarithmic");
  });

  it("can be drawn when nothing has been measured yet", () => {
    expect(elementsOf(drawChart(sampleResults([])))[0]?.name).toBe("svg");
  });
});

describe("a logarithmic scale", () => {
  it("goes from a round number to a round number", () => {
    const scale = logScale([0.3, 40]);
    expect([scale.place(0.2), scale.place(50)]).toEqual([0, 1]);
    expect(scale.place(Math.sqrt(0.2 * 50))).toBeCloseTo(0.5);
    expect(scale.ticks).toEqual([1, 10]);
  });

  it("has steps of 1, 2 and 5 where there is room", () => {
    expect(logScale([1.1, 9]).ticks).toEqual([1, 2, 5, 10]);
  });

  it("has few ticks, however wide it is", () => {
    expect(logScale([0.001, 1_000_000]).ticks).toEqual([0.001, 0.1, 10, 1_000, 100_000]);
  });

  it("has room for a value that is a round number itself, and for none at all", () => {
    expect(logScale([1, 1]).ticks).toEqual([1, 2]);
    expect(logScale([0]).place(0)).toBe(0);
  });
});
