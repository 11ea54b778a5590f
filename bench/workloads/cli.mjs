// @ts-check
import { measureThroughput } from "./measure_throughput.mjs";

/** @typedef {import("./measure_throughput.mjs").ThroughputRow} ThroughputRow */

/** @type {import("./workload.mjs").Workload<ThroughputRow>} */
export const cli = {
  name: "cli",
  title: "`spillway serve echo` beside the library, lines of 64 bytes: server CPU per line",
  unit: "µs",
  counted: "lines",
  rows: [
    row("ping-pong on 50 connections", { connections: 50, depth: 1, lineBytes: 64 }),
    row("256 in flight on 4 connections", { connections: 4, depth: 256, lineBytes: 64 }),
  ],
  measure: measureThroughput,
};

/** @param {string} name @param {import("../load_generator.mjs").Shape} shape @returns {ThroughputRow} */
function row(name, shape) {
  return {
    name,
    subjects: ["cli", "spillway-bytes"],
    reference: "spillway-bytes",
    targets: { cli: 1.03 },
    shape,
  };
}
