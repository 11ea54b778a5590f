// @ts-check
import { measureThroughput } from "./measure_throughput.mjs";

/** @typedef {import("./measure_throughput.mjs").ThroughputRow} ThroughputRow */

/** @type {import("./workload.mjs").Workload<ThroughputRow>} */
export const workers = {
  name: "workers",
  title: "two workers, and their supervisor, beside one process, lines of 64 bytes: CPU of all of them per line",
  unit: "µs",
  counted: "lines",
  rows: [
    row("ping-pong on 50 connections", { connections: 50, depth: 1, lineBytes: 64 }),
    row("256 in flight on 8 connections", { connections: 8, depth: 256, lineBytes: 64 }),
  ],
  measure: measureThroughput,
};

/** @param {string} name @param {import("../load_generator.mjs").Shape} shape @returns {ThroughputRow} */
function row(name, shape) {
  return {
    name,
    subjects: ["spillway-workers-2", "spillway"],
    reference: "spillway",
    // 0.9 of the lines per second of a core.
    targets: { "spillway-workers-2": 1.11 },
    // Each worker gets half of the lines to warm up with, and what asks for its CPU time is to be nothing beside them.
    extent: { roundMs: 1_000, warmUpMs: 4_000 },
    shape,
  };
}
