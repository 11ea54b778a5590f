// @ts-check
// The results of a run, as they are kept in a file.
import { readFileSync, writeFileSync } from "node:fs";
import { outcomes, rows, targetsOn } from "./summary.mjs";

/** @typedef {import("../scripts/runtimes.mjs").RuntimeName} RuntimeName */
/** @typedef {import("./summary.mjs").Applied} Applied */

/**
 * @typedef {object} Measured a work on one runtime
 * @property {RuntimeName} runtime
 * @property {string} work
 * @property {string} title
 * @property {string} unit
 * @property {string} [counted]
 * @property {Applied[]} targets with the bounds of this runtime
 * @property {import("./works/work.mjs").Sample[]} samples
 */

/** @typedef {{ rows: import("./summary.mjs").Row[], outcomes: import("./summary.mjs").Outcome[] }} Summary */
/** @typedef {Measured & Summary} Result */

/**
 * @typedef {object} About what was measured, and where
 * @property {string} date when it began, in ISO 8601
 * @property {boolean} complete whether the run came to its end
 * @property {boolean} quick
 * @property {import("./machine.mjs").Machine} machine
 * @property {Partial<Record<RuntimeName | "go", string>>} versions
 * @property {Record<string, string>} candidates what they are, by name
 */

/** @typedef {About & { results: Result[] }} Results */

/**
 * @param {RuntimeName} runtime
 * @param {import("./works/work.mjs").Work} work
 * @param {import("./works/work.mjs").Sample[]} samples
 * @returns {Result}
 */
export function resultOf(runtime, { name, title, unit, counted, targets }, samples) {
  const described = { title, unit, ...(counted !== undefined && { counted }) };
  return summarized({ runtime, work: name, ...described, targets: targetsOn(targets, runtime), samples });
}

/** @param {string} file @param {Results} results */
export function writeResults(file, results) {
  writeFileSync(file, `${JSON.stringify(results, undefined, 2)}\n`);
}

/**
 * Reads what a run wrote. The summaries are made anew: they follow from the samples.
 *
 * @param {string} file
 * @returns {Results}
 * @throws {TypeError} when the file holds something else
 */
export function readResults(file) {
  const read = /** @type {About & { results: Measured[] }} */ (JSON.parse(readFileSync(file, "utf8")));
  if (!Array.isArray(read?.results)) throw new TypeError(`${file} was not written by npm run bench -- --json`);
  return { ...read, results: read.results.map(summarized) };
}

/** @param {Measured} measured @returns {Result} */
function summarized(measured) {
  const { samples, targets } = measured;
  return { ...measured, rows: rows(samples), outcomes: outcomes(samples, targets) };
}
