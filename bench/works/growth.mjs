// @ts-check
// How cost grows: what should be linear, once and ten times; and beside it the floor, which more connections cost the
// kernel's caches too.
import { inShape } from "./shapes.mjs";
import { measureLanes } from "./throughput.mjs";

/** @typedef {import("./work.mjs").Bench} Bench */
/** @typedef {import("./work.mjs").Sample} Sample */
/** @typedef {import("../servers.mjs").Candidate} Candidate */
/** @typedef {import("../load_generator.mjs").Shape} Shape */
/** @typedef {{ name: string, candidate: Candidate, floor: Candidate, once: Shape, tenfold: Shape }} Growth */

const KB = 1_024;
const ECHO = /** @type {const} */ ({ candidate: "spillway", floor: "raw" });
const BROADCAST = /** @type {const} */ ({ candidate: "spillway-broadcast", floor: "write-loop" });

/** @type {Growth[]} */
const GROWTHS = [
  {
    ...ECHO,
    name: "50 and 500 connections in ping-pong, per line",
    once: { connections: 50, depth: 1, lineBytes: 64 },
    tenfold: { connections: 500, depth: 1, lineBytes: 64 },
  },
  {
    ...ECHO,
    name: "256 and 2,560 lines in flight, per line",
    once: { connections: 4, depth: 256, lineBytes: 64 },
    tenfold: { connections: 4, depth: 2_560, lineBytes: 64 },
  },
  {
    ...ECHO,
    name: "lines of 64 and 640 KB, per byte",
    once: { connections: 4, depth: 1, lineBytes: 64 * KB },
    tenfold: { connections: 4, depth: 1, lineBytes: 640 * KB },
  },
  {
    ...BROADCAST,
    name: "a broadcast to 100 and 1,000, per delivered line",
    once: { connections: 100, depth: 1, lineBytes: 64, broadcast: true },
    tenfold: { connections: 1_000, depth: 1, lineBytes: 64, broadcast: true },
  },
];
/** Short rounds are enough for these; then the floor is left out too. */
const QUICK_GROWTHS = GROWTHS.slice(1, 3);

/** @type {import("./work.mjs").Work} */
export const growth = {
  name: "growth",
  title: "the same ten times: by which factor the server CPU for a line or a byte grows",
  unit: "×",
  targets: GROWTHS.map((one) => ({ candidate: inShape(one, one.candidate), atMost: 1.5 })),
  async measure(bench) {
    const samples = [];
    for (const one of bench.quick ? QUICK_GROWTHS : GROWTHS) {
      const progress = (/** @type {string} */ text) => bench.progress(`${one.name}: ${text}`);
      const candidates = bench.quick ? [one.candidate] : [one.candidate, one.floor];
      samples.push(...(await measureGrowth({ ...bench, progress }, one, candidates)));
    }
    return samples;
  },
};

/** @param {Bench} bench @param {Growth} growth @param {Candidate[]} candidates @returns {Promise<Sample[]>} */
async function measureGrowth(bench, { name, once, tenfold }, candidates) {
  const lanes = candidates.flatMap((candidate) => [
    { name: `${candidate}, once`, candidate, shape: once },
    { name: `${candidate}, ten times`, candidate, shape: tenfold },
  ]);
  const samples = await measureLanes(bench, lanes);
  return candidates.flatMap((candidate) => {
    const costs = samples.filter((sample) => sample.candidate === `${candidate}, once`);
    const tenfoldCosts = samples.filter((sample) => sample.candidate === `${candidate}, ten times`);
    const growths = costs.map((cost, round) => factor(cost, /** @type {Sample} */ (tenfoldCosts[round])));
    return growths.map(({ value, ...rest }) => ({
      ...rest,
      candidate: inShape({ name }, candidate),
      value: (value * once.lineBytes) / tenfold.lineBytes,
    }));
  });
}

/** What may have disturbed one of the two has disturbed their ratio. @param {Sample} cost @param {Sample} tenfold */
function factor(cost, tenfold) {
  return {
    round: cost.round,
    value: tenfold.value / cost.value,
    busy: Math.min(cost.busy ?? Number.NaN, tenfold.busy ?? Number.NaN),
    generatorBusy: Math.max(cost.generatorBusy ?? Number.NaN, tenfold.generatorBusy ?? Number.NaN),
  };
}
