// @ts-check
import { measureThroughput } from "./measure_throughput.mjs";

/** @typedef {import("./measure_throughput.mjs").ThroughputRow} ThroughputRow */

/** @type {import("./workload.mjs").Workload<ThroughputRow>} */
export const tls = {
  name: "tls",
  title: "lines of 64 bytes over TLS 1.3: server CPU per line",
  unit: "µs",
  counted: "lines",
  rows: [
    row("ping-pong on 50 connections", 1.15, { connections: 50, depth: 1, lineBytes: 64, tls: true }),
    row("256 in flight on 4 connections", 1.5, { connections: 4, depth: 256, lineBytes: 64, tls: true }),
  ],
  measure: measureThroughput,
};

/** @param {string} name @param {number} atMost @param {import("../load_generator.mjs").Shape} shape @returns {ThroughputRow} */
function row(name, atMost, shape) {
  return {
    name,
    subjects: ["spillway-tls", "spillway-tls-bytes", "split-tls", "raw-tls"],
    reference: "raw-tls",
    targets: { "spillway-tls": atMost },
    shape,
  };
}
