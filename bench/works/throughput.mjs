// @ts-check
// Measures what a line costs a server, with all candidates in turn, round after round: what disturbs the machine
// disturbs them alike.
import { Server } from "../servers.mjs";

/** @typedef {import("./work.mjs").Bench} Bench */
/** @typedef {import("../servers.mjs").Candidate} Candidate */
/** @typedef {import("./work.mjs").Sample} Sample */
/** @typedef {import("../load_generator.mjs").Shape} Shape */
/** @typedef {{ candidate: Candidate, server: Server, load: number }} Lane */

const FULL = { rounds: 5, roundMs: 1_500, warmUpMs: 2_000 };
const QUICK = { rounds: 3, roundMs: 600, warmUpMs: 800 };

/**
 * @param {Bench} bench
 * @param {Candidate[]} candidates
 * @param {Shape} shape
 * @returns {Promise<Sample[]>}
 */
export async function measureThroughput(bench, candidates, shape) {
  const { rounds, roundMs, warmUpMs } = bench.quick ? QUICK : FULL;
  /** @type {Lane[]} */
  const lanes = [];
  /** @type {Sample[]} */
  const samples = [];
  try {
    for (const candidate of candidates) {
      bench.progress(`warm-up of ${candidate}`);
      const lane = await open(bench, candidate, shape);
      lanes.push(lane);
      await bench.generator.run(lane.load, warmUpMs);
    }
    for (let round = 0; round < rounds; round++) {
      for (const lane of lanes) {
        bench.progress(`round ${round + 1} of ${rounds}: ${lane.candidate}`);
        samples.push({ candidate: lane.candidate, round, ...(await measure(bench, lane, shape.depth, roundMs)) });
      }
    }
  } finally {
    for (const { load } of lanes) await bench.generator.close(load);
    for (const { server } of lanes) await server.end();
  }
  return samples;
}

/**
 * @param {Bench} bench
 * @param {Candidate} candidate
 * @param {Shape} shape
 * @returns {Promise<Lane>}
 */
async function open({ runtime, generator, profileDir }, candidate, shape) {
  const server = await Server.start(runtime, candidate, profileDir);
  return { candidate, server, load: await generator.open(server.port, shape) };
}

/**
 * @param {Bench} bench
 * @param {Lane} lane
 * @param {number} depth
 * @param {number} ms
 */
async function measure({ generator }, { server, load }, depth, ms) {
  const before = await server.cpuMicros();
  const { batches, seconds, busy } = await generator.run(load, ms);
  const cpuMicros = (await server.cpuMicros()) - before;
  const lines = batches * depth;
  return {
    value: cpuMicros / lines,
    perSecond: lines / seconds,
    busy: cpuMicros / 1e6 / seconds,
    generatorBusy: busy,
  };
}
