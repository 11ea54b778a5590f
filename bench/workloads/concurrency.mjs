// @ts-check
import { measureThroughput } from "./measure_throughput.mjs";

/** @type {import("./workload.mjs").Workload<import("./measure_throughput.mjs").ThroughputRow>} */
export const concurrency = {
  name: "concurrency",
  title: "handlers of 10 ms, 64 lines in flight on each of 4 connections: time per line",
  unit: "ms",
  counted: "lines",
  rows: [
    {
      name: "64 in flight",
      subjects: ["spillway-wait-16", "spillway-wait"],
      reference: "spillway-wait",
      // Sixteen at once take a sixteenth of the time, and a little more.
      targets: { "spillway-wait-16": 0.083 },
      shape: { connections: 4, depth: 64, lineBytes: 64 },
      // A round takes three times as long as one connection takes for its 64 lines, one after the other.
      extent: { rounds: 3, roundMs: 1_900 },
    },
  ],
  async measure(bench, rows) {
    const samples = await measureThroughput(bench, rows);
    // The server waits most of the time: its CPU time says nothing here.
    return samples.map(({ row, subject, round, perSecond = Number.NaN }) => {
      return { row, subject, round, perSecond, value: 1_000 / perSecond };
    });
  },
};
