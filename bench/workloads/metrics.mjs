// @ts-check
import { measureThroughput } from "./measure_throughput.mjs";

/** @typedef {import("./measure_throughput.mjs").ThroughputRow} ThroughputRow */

/** @type {import("./workload.mjs").Workload<ThroughputRow>} */
export const metrics = {
  name: "metrics",
  title: "lines of 64 bytes, with and without metrics: server CPU per line",
  unit: "µs",
  counted: "lines",
  rows: [
    row("50 connections", 1.05, { connections: 50, depth: 1 }),
    row("256 in flight", 1.3, { connections: 4, depth: 256 }),
  ],
  measure: measureThroughput,
};

/**
 * @param {string} name
 * @param {number} atMost
 * @param {{ connections: number, depth: number }} shape
 * @returns {ThroughputRow}
 */
function row(name, atMost, shape) {
  return {
    name,
    subjects: ["spillway", "spillway-metrics"],
    reference: "spillway",
    targets: { "spillway-metrics": atMost },
    shape: { ...shape, lineBytes: 64 },
  };
}
