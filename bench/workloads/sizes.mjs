// @ts-check
import { measureThroughput } from "./measure_throughput.mjs";

/** @typedef {import("./measure_throughput.mjs").ThroughputRow} ThroughputRow */

const KB = 1_024;
const MB = 1_048_576;

/** As many lines are in flight as 64 KB hold, at most 256. */
const ROWS = [row("16 B", 16, 256), row("1 KB", KB, 64), row("64 KB", 64 * KB, 1)];
/** @type {ThroughputRow} */
const LARGEST = {
  ...row("1 MB", MB, 1),
  targets: { spillway: 2.4, "spillway-bytes": { node: 1.5, deno: 3, bun: 3 } },
};

/** @type {import("./workload.mjs").Workload<ThroughputRow>} */
export const sizes = {
  name: "sizes",
  title:
    "lines of 16 B to 1 MB, several of the small and one of the large in flight on each of 4 connections: server CPU per byte",
  unit: "ns",
  counted: "MB",
  rows: [...ROWS, LARGEST],
  async measure(bench, rows) {
    const samples = await measureThroughput(bench, rows);
    const bytesIn = new Map(rows.map(({ name, shape }) => [name, shape.lineBytes]));
    return samples.map(({ value, perSecond = Number.NaN, ...rest }) => {
      const lineBytes = bytesIn.get(rest.row) ?? Number.NaN;
      return { ...rest, value: (value * 1_000) / lineBytes, perSecond: (perSecond * lineBytes) / 1e6 };
    });
  },
};

/** @param {string} name @param {number} lineBytes @param {number} depth @returns {ThroughputRow} */
function row(name, lineBytes, depth) {
  return {
    name,
    subjects: ["spillway", "spillway-bytes", "raw", "go-flush-empty"],
    reference: "raw",
    shape: { connections: 4, depth, lineBytes },
  };
}
