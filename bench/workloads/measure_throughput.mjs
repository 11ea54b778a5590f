// @ts-check
// The cost of a line to a server. The subjects of a row take turns, round after round, so that a disturbance of the machine affects
// them alike.
import { extentOf } from "../extent.mjs";
import { inTurn } from "../in_turn.mjs";
import { Server } from "../server.mjs";
import { available } from "../subjects.mjs";

/** @typedef {import("./workload.mjs").Bench} Bench */
/** @typedef {import("./workload.mjs").Sample} Sample */
/** @typedef {import("../subjects.mjs").Subject} Subject */
/** @typedef {import("../load_generator.mjs").Shape} Shape */
/** @typedef {import("./workload.mjs").Row & { subjects: readonly Subject[], shape: Shape, extent?: Partial<typeof FULL> }} ThroughputRow */
/** @typedef {{ subject: Subject, server: Server, load: number }} Lane */

/** Many short rounds: a disturbance spoils some of them, and the median stays. */
const FULL = { rounds: 15, roundMs: 200, warmUpMs: 1_200 };
const QUICK = { rounds: 5, roundMs: 100, warmUpMs: 500 };

/**
 * Measures row by row. Subjects that cannot be started on this machine are left out.
 *
 * @param {Bench} bench
 * @param {readonly ThroughputRow[]} rows
 */
export async function measureThroughput(bench, rows) {
  /** @type {Sample[]} */
  const samples = [];
  for (const row of rows) samples.push(...(await measureRow(bench, row)));
  return samples;
}

/** @param {Bench} bench @param {ThroughputRow} row */
async function measureRow(bench, { name, subjects, shape, extent }) {
  const { rounds, roundMs, warmUpMs } = extentOf(bench, { ...FULL, ...extent }, { ...QUICK, ...extent });
  /** @type {Lane[]} */
  const lanes = [];
  /** @type {Sample[]} */
  const samples = [];
  try {
    for (const subject of await available(subjects)) {
      bench.progress(`${name}: warm-up of ${subject}`);
      const server = await Server.start(bench, subject);
      const lane = { subject, server, load: await bench.generator.open(server.port, shape) };
      lanes.push(lane);
      await bench.generator.run(lane.load, warmUpMs);
    }
    for (let round = 0; round < rounds; round++) {
      for (const lane of inTurn(lanes, round)) {
        bench.progress(`${name}: round ${round + 1} of ${rounds}: ${lane.subject}`);
        samples.push({ row: name, subject: lane.subject, round, ...(await measure(bench, lane, shape, roundMs)) });
      }
    }
  } finally {
    for (const { load } of lanes) await bench.generator.close(load);
    for (const { server } of lanes) await server.end();
  }
  return samples;
}

/** @param {Bench} bench @param {Lane} lane @param {Shape} shape @param {number} ms */
function measure({ generator }, { server, load }, { depth }, ms) {
  return server.costOf(async () => {
    const { batches, ...took } = await generator.run(load, ms);
    return { count: batches * depth, ...took };
  });
}
