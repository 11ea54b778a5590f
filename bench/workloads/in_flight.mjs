// @ts-check
import { measureThroughput } from "./measure_throughput.mjs";

/** @typedef {import("./measure_throughput.mjs").ThroughputRow} ThroughputRow */

/** @type {import("./workload.mjs").Workload<ThroughputRow>} */
export const inFlight = {
  name: "in-flight",
  title: "many lines of 64 bytes in flight on each of 4 connections: server CPU per line",
  unit: "µs",
  counted: "lines",
  rows: [
    row(16, { spillway: 1.3, "spillway-bytes": 1.3 }, []),
    row(256, { spillway: 1, "spillway-bytes": 1.2 }, ["per-line", "readline", "whatwg", "go-flush-each"]),
  ],
  measure: measureThroughput,
};

/**
 * @param {number} depth
 * @param {Record<string, number>} targets
 * @param {import("../subjects.mjs").Subject[]} others
 * @returns {ThroughputRow}
 */
function row(depth, targets, others) {
  return {
    name: `${depth} in flight`,
    subjects: ["spillway", "spillway-bytes", "go-flush-empty", "raw", ...others],
    reference: "go-flush-empty",
    targets,
    shape: { connections: 4, depth, lineBytes: 64 },
  };
}
