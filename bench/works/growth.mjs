// @ts-check
// How cost grows: everything that should be linear, once and ten times.
import { measureLanes } from "./throughput.mjs";

/** @typedef {import("./work.mjs").Bench} Bench */
/** @typedef {import("./work.mjs").Sample} Sample */
/** @typedef {import("../load_generator.mjs").Shape} Shape */
/** @typedef {{ name: string, candidate: import("../servers.mjs").Candidate, once: Shape, tenfold: Shape }} Growth */

const LINES = { depth: 1, lineBytes: 64 };
const FEW = { connections: 4, depth: 1 };
/** A line of 64 KB, and ten times that. */
const LARGE_BYTES = 65_536;

/** @type {Growth[]} */
const GROWTHS = [
  {
    name: "50 and 500 connections in ping-pong, per line",
    candidate: "spillway",
    once: { ...LINES, connections: 50 },
    tenfold: { ...LINES, connections: 500 },
  },
  {
    name: "256 and 2,560 lines in flight, per line",
    candidate: "spillway",
    once: { ...FEW, depth: 256, lineBytes: 64 },
    tenfold: { ...FEW, depth: 2_560, lineBytes: 64 },
  },
  {
    name: "lines of 64 and 640 KB, per byte",
    candidate: "spillway",
    once: { ...FEW, lineBytes: LARGE_BYTES },
    tenfold: { ...FEW, lineBytes: 10 * LARGE_BYTES },
  },
  {
    name: "a broadcast to 100 and 1,000, per delivered line",
    candidate: "spillway-broadcast",
    once: { ...LINES, connections: 100, broadcast: true },
    tenfold: { ...LINES, connections: 1_000, broadcast: true },
  },
];
/** Those that fit into half a minute. */
const QUICK_GROWTHS = GROWTHS.slice(1, 3);

/** @type {import("./work.mjs").Work} */
export const growth = {
  name: "growth",
  title: "the same ten times: by which factor the server CPU for a line or a byte grows",
  unit: "×",
  targets: GROWTHS.map(({ name }) => ({ candidate: name, atMost: 1.5 })),
  async measure(bench) {
    const samples = [];
    for (const one of bench.quick ? QUICK_GROWTHS : GROWTHS) samples.push(...(await measureGrowth(bench, one)));
    return samples;
  },
};

/** @param {Bench} bench @param {Growth} growth @returns {Promise<Sample[]>} */
async function measureGrowth(bench, { name, candidate, once, tenfold }) {
  const progress = (/** @type {string} */ text) => bench.progress(`${name}: ${text}`);
  const samples = await measureLanes({ ...bench, progress }, [
    { name: "once", candidate, shape: once },
    { name: "ten times", candidate, shape: tenfold },
  ]);
  const costs = samples.filter((sample) => sample.candidate === "once");
  const tenfoldCosts = samples.filter((sample) => sample.candidate === "ten times");
  return costs.map((cost, index) => {
    const tenfoldCost = /** @type {Sample} */ (tenfoldCosts[index]);
    return {
      candidate: name,
      round: cost.round,
      value: tenfoldCost.value / tenfold.lineBytes / (cost.value / once.lineBytes),
      ...busier(cost, tenfoldCost),
    };
  });
}

/** What may have disturbed either of two counts for both. @param {Sample} one @param {Sample} other */
function busier(one, other) {
  return {
    busy: Math.min(one.busy ?? Number.NaN, other.busy ?? Number.NaN),
    generatorBusy: Math.max(one.generatorBusy ?? Number.NaN, other.generatorBusy ?? Number.NaN),
  };
}
