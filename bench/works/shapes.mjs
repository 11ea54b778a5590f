// @ts-check
// One kind of load in several shapes, each with its own candidates.
import { measureThroughput } from "./throughput.mjs";

/** @typedef {import("../servers.mjs").Candidate} Candidate */

/**
 * @typedef {object} NamedShape
 * @property {string} name
 * @property {import("../load_generator.mjs").Shape} load
 * @property {readonly Candidate[]} candidates
 * @property {readonly Candidate[]} [quick] those of a quick run (default: none)
 */

/** What echoes lines. @type {readonly Candidate[]} */
export const SIDE_BY_SIDE = [
  "spillway",
  "spillway-async",
  "raw",
  "per-line",
  "readline",
  "whatwg",
  "go-flush-each",
  "go-flush-empty",
];

/**
 * One shape after the other; in each of them the candidates alternate.
 *
 * @param {import("./work.mjs").Bench} bench
 * @param {NamedShape[]} shapes
 */
export async function measureShapes(bench, shapes) {
  const samples = [];
  for (const shape of shapes) {
    const progress = (/** @type {string} */ text) => bench.progress(`${shape.name}: ${text}`);
    const candidates = bench.quick ? (shape.quick ?? []) : shape.candidates;
    for (const sample of await measureThroughput({ ...bench, progress }, candidates, shape.load))
      samples.push({ ...sample, candidate: inShape(shape, sample.candidate) });
  }
  return samples;
}

/** What a candidate is called in samples and targets. @param {Pick<NamedShape, "name">} shape @param {string} candidate */
export function inShape({ name }, candidate) {
  return `${name}: ${candidate}`;
}

/**
 * A target for one candidate relative to another in the same shape.
 *
 * @param {NamedShape} shape
 * @param {Candidate} candidate
 * @param {Candidate} relativeTo
 * @param {Pick<import("./work.mjs").Target, "atMost" | "atLeast">} bound
 * @returns {import("./work.mjs").Target}
 */
export function ratio(shape, candidate, relativeTo, bound) {
  return { candidate: inShape(shape, candidate), relativeTo: inShape(shape, relativeTo), ...bound };
}
