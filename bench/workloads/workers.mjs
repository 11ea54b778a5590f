// @ts-check
import { extentOf } from "../extent.mjs";
import { Server } from "../server.mjs";
import { available } from "../subjects.mjs";

/** @typedef {import("./workload.mjs").Bench} Bench */
/** @typedef {import("./workload.mjs").Sample} Sample */
/** @typedef {import("../subjects.mjs").Subject} Subject */

/**
 * The load of each process: a process that has less to do does it in smaller portions, which cost more a line. So a load that is
 * as fast as its generator would compare full processes with half idle ones.
 *
 * @typedef {object} Load
 * @property {number} connections
 * @property {number} depth the lines of a batch
 * @property {number} perSecond batches
 *
 * @typedef {import("./workload.mjs").Row & { subjects: readonly Subject[], load: Load }} WorkersRow
 */

/** @type {Readonly<Partial<Record<Subject, number>>>} */
const PROCESSES = { spillway: 1, "spillway-workers-2": 2 };
// Each worker gets half of the lines to warm up with, and what asks for its CPU time is to be nothing beside them.
const FULL = { rounds: 15, roundMs: 1_000, warmUpMs: 4_000 };
const QUICK = { ...FULL, rounds: 5 };

/** @type {import("./workload.mjs").Workload<WorkersRow>} */
export const workers = {
  name: "workers",
  title:
    "two workers, and their supervisor, beside one process with half of the load, lines of 64 bytes: CPU of all of them per line",
  unit: "µs",
  counted: "lines",
  rows: [
    row("10,000 lines a second for each process", { connections: 25, depth: 1, perSecond: 10_000 }),
    row("4,000 batches of 256 lines a second for each process", { connections: 4, depth: 256, perSecond: 4_000 }),
  ],
  async measure(bench, rows) {
    /** @type {Sample[]} */
    const samples = [];
    for (const one of rows) samples.push(...(await measureRow(bench, one)));
    return samples;
  },
};

/** @param {string} name @param {Load} load @returns {WorkersRow} */
function row(name, load) {
  return {
    name,
    subjects: ["spillway-workers-2", "spillway"],
    reference: "spillway",
    // 0.9 of the lines per second of a core.
    targets: { "spillway-workers-2": 1.11 },
    load,
  };
}

/** @param {Bench} bench @param {WorkersRow} row */
async function measureRow(bench, { name, subjects, load: { connections, depth, perSecond } }) {
  const { generator, progress } = bench;
  const { rounds, roundMs, warmUpMs } = extentOf(bench, FULL, QUICK);
  const lanes = [];
  /** @type {Sample[]} */
  const samples = [];
  try {
    for (const subject of await available(subjects)) {
      progress(`${name}: warm-up of ${subject}`);
      const processes = PROCESSES[subject] ?? 1;
      const server = await Server.start(bench, subject);
      const shape = { connections: connections * processes, depth, lineBytes: 64 };
      const lane = { subject, server, loop: await generator.openLoop(server.port, shape), rate: perSecond * processes };
      lanes.push(lane);
      await generator.runOpenLoop(lane.loop, { ms: warmUpMs, perSecond: lane.rate });
    }
    for (let round = 0; round < rounds; round++) {
      for (const { subject, server, loop, rate } of round % 2 === 0 ? lanes : lanes.toReversed()) {
        progress(`${name}: round ${round + 1} of ${rounds}: ${subject}`);
        const cost = await server.costOf(async () => {
          const { count, seconds, busy } = await generator.runOpenLoop(loop, { ms: roundMs, perSecond: rate });
          return { count: count * depth, seconds, busy };
        });
        samples.push({ row: name, subject, round, ...cost });
      }
    }
  } finally {
    for (const { loop } of lanes) await generator.close(loop);
    for (const { server } of lanes) await server.end();
  }
  return samples;
}
