// @ts-check
import { measureShapes, ratio } from "./shapes.mjs";

/** @typedef {import("./shapes.mjs").NamedShape} NamedShape */

const KB = 1_024;
const MB = 1_048_576;

/** In flight are as many as 64 KB hold, at most 256. */
const SIZES = [lines("16 B", 16, 256), lines("64 B", 64, 256), lines("1 KB", KB, 64), lines("64 KB", 64 * KB, 1)];
/** @type {NamedShape} */
const LARGEST = { ...lines("1 MB", MB, 1), quick: ["spillway", "raw"] };
const ALL = [...SIZES, LARGEST];

/** @type {import("./work.mjs").Work} */
export const sizes = {
  name: "sizes",
  title:
    "lines of 16 B to 1 MB, several of the small and one of the large in flight on each of 4 connections: server CPU per byte",
  unit: "ns",
  counted: "MB",
  targets: [ratio(LARGEST, "spillway", "raw", { atMost: 4 })],
  async measure(bench) {
    const samples = [];
    for (const shape of ALL) samples.push(...(await measureSize(bench, shape)));
    return samples;
  },
};

/** @param {import("./work.mjs").Bench} bench @param {NamedShape} shape */
async function measureSize(bench, shape) {
  const { lineBytes } = shape.load;
  const samples = await measureShapes(bench, [shape]);
  return samples.map(({ value, perSecond = Number.NaN, ...rest }) => ({
    ...rest,
    value: (value * 1_000) / lineBytes,
    perSecond: (perSecond * lineBytes) / 1e6,
  }));
}

/** @param {string} name @param {number} lineBytes @param {number} depth @returns {NamedShape} */
function lines(name, lineBytes, depth) {
  return { name, load: { connections: 4, depth, lineBytes }, candidates: ["spillway", "raw", "go-flush-empty"] };
}
