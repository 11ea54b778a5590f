// @ts-check
// Measures what a line costs a server, in all lanes in turn, round after round: what disturbs the machine disturbs them
// alike.
import { available, Server } from "../servers.mjs";

/** @typedef {import("./work.mjs").Bench} Bench */
/** @typedef {import("../servers.mjs").Candidate} Candidate */
/** @typedef {import("./work.mjs").Sample} Sample */
/** @typedef {import("../load_generator.mjs").Shape} Shape */
/** @typedef {{ name: string, candidate: Candidate, shape: Shape }} Lane what is measured, and what it is called */
/** @typedef {Lane & { server: Server, load: number }} OpenLane */

const FULL = { rounds: 3, roundMs: 1_000, warmUpMs: 1_500 };
const QUICK = { rounds: 2, roundMs: 300, warmUpMs: 500 };

/**
 * All candidates under the same load; those that cannot be started on this machine are left out.
 *
 * @param {Bench} bench
 * @param {readonly Candidate[]} candidates
 * @param {Shape} shape
 */
export async function measureThroughput(bench, candidates, shape) {
  const present = await available(candidates);
  return measureLanes(
    bench,
    present.map((candidate) => ({ name: candidate, candidate, shape })),
  );
}

/**
 * @param {Bench} bench
 * @param {Lane[]} lanes
 * @returns {Promise<Sample[]>}
 */
export async function measureLanes(bench, lanes) {
  const { rounds, roundMs, warmUpMs } = bench.quick ? QUICK : FULL;
  /** @type {OpenLane[]} */
  const open = [];
  /** @type {Sample[]} */
  const samples = [];
  try {
    for (const lane of lanes) {
      bench.progress(`warm-up of ${lane.name}`);
      const opened = await openLane(bench, lane);
      open.push(opened);
      await bench.generator.run(opened.load, warmUpMs);
    }
    for (let round = 0; round < rounds; round++) {
      for (const lane of open) {
        bench.progress(`round ${round + 1} of ${rounds}: ${lane.name}`);
        samples.push({ candidate: lane.name, round, ...(await measure(bench, lane, roundMs)) });
      }
    }
  } finally {
    for (const { load } of open) await bench.generator.close(load);
    for (const { server } of open) await server.end();
  }
  return samples;
}

/**
 * @param {Bench} bench
 * @param {Lane} lane
 * @returns {Promise<OpenLane>}
 */
async function openLane({ runtime, generator, profileDir }, lane) {
  const server = await Server.start(runtime, lane.candidate, profileDir);
  return { ...lane, server, load: await generator.open(server.port, lane.shape) };
}

/**
 * @param {Bench} bench
 * @param {OpenLane} lane
 * @param {number} ms
 */
function measure({ generator }, { server, load, shape }, ms) {
  return server.costOf(async () => {
    const { batches, ...took } = await generator.run(load, ms);
    return { count: batches * shape.depth, ...took };
  });
}
