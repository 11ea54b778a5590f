// @ts-check
import { measureThroughput } from "./measure_throughput.mjs";

/** @type {import("./workload.mjs").Workload<import("./measure_throughput.mjs").ThroughputRow>} */
export const broadcast = {
  name: "broadcast",
  title: "a 64-byte line from one connection to all of them: server CPU per delivered line",
  unit: "µs",
  counted: "lines",
  rows: [
    {
      name: "1,000 connections",
      subjects: ["spillway-broadcast", "write-loop"],
      reference: "write-loop",
      targets: { "spillway-broadcast": 1.15 },
      shape: { connections: 1_000, depth: 1, lineBytes: 64, broadcast: true },
    },
  ],
  measure: measureThroughput,
};
