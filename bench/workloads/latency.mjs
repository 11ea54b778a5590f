// @ts-check
import { extentOf } from "../extent.mjs";
import { Server } from "../server.mjs";
import { available } from "../subjects.mjs";

/** @typedef {import("./workload.mjs").Row} Row */
/** @typedef {import("./workload.mjs").Sample} Sample */
/** @typedef {import("../subjects.mjs").Subject} Subject */

/** A rate that every subject can keep up with, on a machine with two CPUs. */
const PER_SECOND = 10_000;
const SHAPE = { connections: 1_000, lineBytes: 64 };
const FULL = { rounds: 7, roundMs: 2_000, warmUpMs: 2_000 };
const QUICK = { rounds: 3, roundMs: 1_000, warmUpMs: 1_000 };

/** @type {Subject[]} */
const SUBJECTS = ["spillway", "spillway-bytes", "raw", "go-flush-empty"];
/** @type {Row} */
const P50 = { name: "p50", subjects: SUBJECTS, reference: "raw" };
/** @type {Row} */
const P99 = { ...P50, name: "p99" };

/** @type {import("./workload.mjs").Workload} */
export const latency = {
  name: "latency",
  title: `1,000 connections, ${PER_SECOND.toLocaleString("en")} lines a second at planned instants: time from a line's instant to its reply`,
  unit: "µs",
  counted: "lines",
  rows: [P50, P99],
  async measure({ generator, progress, ...bench }, rows) {
    const { rounds, roundMs, warmUpMs } = extentOf(bench, FULL, QUICK);
    const asked = /** @type {Set<Subject>} */ (new Set(rows.flatMap(({ subjects }) => subjects)));
    const lanes = [];
    /** @type {Sample[]} */
    const samples = [];
    try {
      for (const subject of await available([...asked])) {
        progress(`warm-up of ${subject}`);
        const server = await Server.start({ generator, progress, ...bench }, subject);
        const loop = await generator.openLoop(server.port, SHAPE);
        lanes.push({ subject, server, loop });
        await generator.runOpenLoop(loop, { ms: warmUpMs, perSecond: PER_SECOND });
      }
      for (let round = 0; round < rounds; round++) {
        for (const { subject, server, loop } of lanes) {
          progress(`round ${round + 1} of ${rounds}: ${subject}`);
          const cpuBefore = await server.cpuMicros();
          const ran = await generator.runOpenLoop(loop, { ms: roundMs, perSecond: PER_SECOND });
          const busy = ((await server.cpuMicros()) - cpuBefore) / 1e6 / ran.seconds;
          const common = { subject, round, perSecond: ran.count / ran.seconds, busy, generatorBusy: ran.busy };
          samples.push({ ...common, row: P50.name, value: ran.p50Ms * 1_000 });
          samples.push({ ...common, row: P99.name, value: ran.p99Ms * 1_000 });
        }
      }
    } finally {
      for (const { loop } of lanes) await generator.close(loop);
      for (const { server } of lanes) await server.end();
    }
    return samples.filter(({ row }) => rows.some(({ name }) => name === row));
  },
};
