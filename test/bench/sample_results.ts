// A small run, made up, of round numbers: two targets are missed, and Deno was measured without Go.

import { type Results, resultOf } from "../../bench/results.mjs";
import type { Sample, Work } from "../../bench/works/work.mjs";
import type { RuntimeName } from "../../scripts/runtimes.mjs";

const notMeasured = () => Promise.reject(new Error("a test measures nothing"));

export const LINES: Work = {
  name: "lines",
  title: "lines of 64 bytes: server CPU per line",
  unit: "µs",
  counted: "lines",
  targets: [
    { candidate: "16 in flight: spillway", relativeTo: "16 in flight: raw", atMost: { node: 1.5, deno: 2.5, bun: 3 } },
    { candidate: "16 in flight: per-line", relativeTo: "16 in flight: spillway", atLeast: 4 },
    { candidate: "16 in flight: spillway", relativeTo: "16 in flight: go-flush-empty", atMost: 0.7 },
  ],
  measure: notMeasured,
};

const IDLE: Work = {
  name: "idle",
  title: 'idle connections <each> with "one line" & no more: RSS per connection',
  unit: "KB",
  targets: [{ candidate: "spillway", atMost: { node: 6, deno: 6, bun: 4 } }],
  measure: notMeasured,
};

/** More targets than are told apart at a glance. */
const CODECS: Work = {
  name: "codecs",
  title: "frames: CPU per frame",
  unit: "ns",
  counted: "frames",
  targets: ["a", "b", "c", "d", "e", "f", "g"].map((codec) => ({
    candidate: `${codec}: decode`,
    relativeTo: `${codec}: decode, naive`,
    atMost: 1.1,
  })),
  measure: notMeasured,
};

/** A candidate's values, round by round. */
export function samplesOf(candidate: string, values: number[], rest: Partial<Sample> = {}): Sample[] {
  return values.map((value, round) => ({ candidate, round, value, ...rest }));
}

/** Spillway costs twice what raw does, and a fifth of what people's code does. */
export function lineSamples(): Sample[] {
  const busy = { perSecond: 1_000, busy: 0.9, generatorBusy: 0.5 };
  return [
    ...samplesOf("16 in flight: spillway", [2, 4, 6], busy),
    ...samplesOf("16 in flight: raw", [1, 2, 3], busy),
    ...samplesOf("16 in flight: per-line", [10, 20, 36], busy),
  ];
}

function codecSamples(): Sample[] {
  return CODECS.targets.flatMap(({ candidate, relativeTo = "" }, index) => [
    ...samplesOf(candidate, [10 + index, 10 + index]),
    ...samplesOf(relativeTo, [20, 20]),
  ]);
}

function resultsOn(runtime: RuntimeName): Results["results"] {
  const go = samplesOf("16 in flight: go-flush-empty", [8, 8, 8], { busy: 0.9 });
  return [
    resultOf(runtime, LINES, [...lineSamples(), ...(runtime === "deno" ? [] : go)]),
    resultOf(runtime, IDLE, [...samplesOf("spillway", [5]), ...samplesOf("raw", [2])]),
    resultOf(runtime, CODECS, codecSamples()),
  ];
}

export function sampleResults(runtimes: RuntimeName[] = ["node", "deno", "bun"]): Results {
  return {
    date: "2026-01-02T03:04:05.678Z",
    complete: true,
    quick: false,
    machine: { cpu: "Example CPU", cpus: 2, memoryGB: 8, system: "Linux 6.1 x64" },
    versions: { node: "20.1.2", deno: "2.3.4", bun: "1.2.3", go: "1.2.3" },
    candidates: { spillway: "Spillway", raw: "the `floor`", "per-line": "people's code", "go-flush-empty": "Go" },
    results: runtimes.flatMap(resultsOn),
  };
}
