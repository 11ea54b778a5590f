// @ts-check
import { measureThroughput } from "./measure_throughput.mjs";

/** @typedef {import("./measure_throughput.mjs").ThroughputRow} ThroughputRow */

const FEW = { node: 1.15, deno: 1.3, bun: 1.5 };
const MANY = { node: 1.2, deno: 1.25, bun: 1.4 };

/** @type {import("./workload.mjs").Workload<ThroughputRow>} */
export const pingPong = {
  name: "ping-pong",
  title: "ping-pong with 64-byte lines: server CPU per line",
  unit: "µs",
  counted: "lines",
  rows: [
    row(1, FEW, ["go-flush-empty"]),
    row(50, FEW, ["spillway-async", "per-line", "readline", "whatwg", "go-flush-each", "go-flush-empty"]),
    row(1_000, MANY, ["go-flush-empty"]),
  ],
  measure: measureThroughput,
};

/**
 * @param {number} connections
 * @param {import("./workload.mjs").Bound} atMost
 * @param {import("../subjects.mjs").Subject[]} others
 * @returns {ThroughputRow}
 */
function row(connections, atMost, others) {
  return {
    name: connections === 1 ? "1 connection" : `${connections.toLocaleString("en")} connections`,
    subjects: ["spillway", "spillway-bytes", "raw", ...others],
    reference: "raw",
    targets: { spillway: atMost, "spillway-bytes": atMost },
    shape: { connections, depth: 1, lineBytes: 64 },
  };
}
