// @ts-check
import { measureThroughput } from "./measure_throughput.mjs";

/** @type {import("./workload.mjs").Workload<import("./measure_throughput.mjs").ThroughputRow>} */
export const asyncHandlers = {
  name: "async",
  title: "asynchronous handlers, 256 lines of 64 bytes in flight on each of 4 connections: server CPU per line",
  unit: "µs",
  counted: "lines",
  rows: [
    {
      name: "256 in flight",
      subjects: ["spillway-async", "spillway-async-256", "spillway", "go-flush-empty"],
      reference: "go-flush-empty",
      targets: { "spillway-async": 1.7, "spillway-async-256": 1.7 },
      shape: { connections: 4, depth: 256, lineBytes: 64 },
    },
  ],
  measure: measureThroughput,
};
