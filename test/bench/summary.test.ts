import { describe, expect, it } from "vitest";
import { caveats } from "../../bench/caveats.mjs";
import { targetsTable, workloadTable } from "../../bench/markdown.mjs";
import { pageOf } from "../../bench/page.mjs";
import { resultOf } from "../../bench/results.mjs";
import { shareOfTarget, summarize } from "../../bench/summary.mjs";
import type { Row, Sample } from "../../bench/workloads/workload.mjs";

function samplesOf(subject: string, values: number[], also: Partial<Sample> = {}): Sample[] {
  return values.map((value, round) => ({ row: "50 connections", subject, round, value, ...also }));
}

const ROW: Row = {
  name: "50 connections",
  subjects: ["spillway", "raw"],
  reference: "raw",
  targets: { spillway: { node: 1.5, bun: 3 } },
};
// The ratio of both medians would be 1.
const SAMPLES = [...samplesOf("spillway", [1, 10, 30]), ...samplesOf("raw", [10, 5, 10])];

describe("a summary", () => {
  it("has the median of all rounds, the lowest and the highest", () => {
    const [line] = summarize([ROW], samplesOf("spillway", [5, 1, 9]), "node");
    expect(line?.value).toEqual({ median: 5, lowest: 1, highest: 9 });
  });

  it("has the mean of both middle values of an even number of rounds", () => {
    const [line] = summarize([ROW], samplesOf("spillway", [8, 1, 2, 4]), "node");
    expect(line?.value).toEqual({ median: 3, lowest: 1, highest: 8 });
  });

  it("takes ratios within a round", () => {
    const [line] = summarize([ROW], SAMPLES, "node");
    expect(line).toMatchObject({ reference: "raw", ratio: { median: 2, lowest: 0.1, highest: 3 } });
  });

  it("leaves a round out of the ratio in which only one subject was measured", () => {
    const [line] = summarize([ROW], [...samplesOf("spillway", [2, 3]), ...samplesOf("raw", [1])], "node");
    expect(line?.ratio).toEqual({ median: 2, lowest: 2, highest: 2 });
  });

  it("judges the median ratio by the bound of the runtime", () => {
    expect(summarize([ROW], SAMPLES, "node")[0]).toMatchObject({ atMost: 1.5, met: false });
    expect(summarize([ROW], SAMPLES, "bun")[0]).toMatchObject({ atMost: 3, met: true });
    expect(summarize([ROW], SAMPLES, "deno")[0]).not.toHaveProperty("met");
  });

  it("judges nothing when the reference was not measured", () => {
    expect(summarize([ROW], samplesOf("spillway", [1]), "node")[0]).not.toHaveProperty("met");
  });

  it("judges the value itself, up to its bound, where a row has no reference", () => {
    const row = { name: "50 connections", subjects: ["spillway"], targets: { spillway: 2 } };
    const [line] = summarize([row], samplesOf("spillway", [2]), "deno");
    expect(line).toMatchObject({ atMost: 2, met: true });
    expect(shareOfTarget(line as never)).toBe(1);
  });

  it("leaves out subjects and figures that were not measured", () => {
    const lines = summarize([ROW], samplesOf("raw", [1], { busy: 0.5, perSecond: Number.NaN }), "node");
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatchObject({ subject: "raw", busy: 0.5 });
    expect(lines[0]).not.toHaveProperty("perSecond");
  });
});

describe("caveats", () => {
  const caveatsOf = (busy: number, generatorBusy: number) =>
    caveats(summarize([ROW], samplesOf("raw", [1], { busy, generatorBusy }), "node"));

  it("are none while the server is what has work", () => {
    expect(caveatsOf(0.95, 0.5)).toEqual([]);
    expect(caveats(summarize([ROW], samplesOf("raw", [1]), "node"))).toEqual([]);
  });

  it("name a generator that may be the bottleneck", () => {
    expect(caveatsOf(0.5, 0.9)).toEqual([expect.stringContaining("bottleneck")]);
  });

  it("name other programs when neither server nor generator had the CPU", () => {
    expect(caveatsOf(0.5, 0.5)).toEqual([expect.stringContaining("Other programs")]);
  });
});

describe("tables", () => {
  const workload = { name: "ping-pong", title: "", unit: "µs", counted: "lines", rows: [ROW], measure: () => never() };
  const never = (): Promise<Sample[]> => Promise.reject(new Error("nothing is measured"));
  const result = resultOf("node", workload, [ROW], SAMPLES);

  it("show each subject's cost, its ratio, its target and whether that is met", () => {
    expect(workloadTable(result).split("\n")).toEqual([
      "|                | subject  | median, µs | lowest – highest |        × | target |        |",
      "| -------------- | -------- | ---------: | ---------------: | -------: | -----: | -----: |",
      "| 50 connections | spillway |      10.00 |     1.00 – 30.00 | 2.00 raw |  ≤ 1.5 | MISSED |",
      "|                | raw      |      10.00 |     5.00 – 10.00 |          |        |        |",
    ]);
  });

  it("show all targets", () => {
    const [, , line = ""] = targetsTable([result]).split("\n");
    const cells = [
      "",
      "ping-pong",
      "50 connections",
      "spillway / raw",
      "node",
      "2.00",
      "0.100 – 3.00",
      "≤ 1.5",
      "MISSED",
      "",
    ];
    expect(line.split("|").map((cell) => cell.trim())).toEqual(cells);
  });

  it("stand side by side on the page", () => {
    const versions = { node: "20.1.2", go: "1.2.3" };
    const about = { date: "2026-01-02T03:04:05.678Z", complete: false, quick: true, versions };
    const machine = { cpu: "Example CPU", cpus: 2, memoryGB: 8, system: "Linux 6.1 x64" };
    const subjects = { spillway: "Spillway", raw: "the floor" };
    const results = [result, resultOf("bun", workload, [ROW], SAMPLES)];
    const page = pageOf({ ...about, machine, subjects, results }, "chart.svg");
    expect(page).toContain("Measured on 2026-01-02 with Node 20.1.2, Go 1.2.3 on Example CPU, 2 CPUs");
    expect(page).toContain("This was a quick run. This run did not come to its end.");
    expect(page).toContain("![How much of its target each subject takes](chart.svg)");
    expect(page).toMatch(/spillway \/ raw \| 2\.00 \(≤ 1\.5\) \*\*missed\*\* \| +2\.00 \(≤ 3\) met \|/);
    expect(page.match(/^\| 50 connections \| (spillway|raw) /gm)).toHaveLength(2);
  });
});
