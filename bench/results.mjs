// @ts-check
// The results of a run, as they are kept in a file.
import { readFileSync, writeFileSync } from "node:fs";
import { summarize } from "./summary.mjs";

/** @typedef {import("../scripts/runtimes.mjs").RuntimeName} RuntimeName */
/** @typedef {import("./workloads/workload.mjs").Row} Row */
/** @typedef {import("./workloads/workload.mjs").Sample} Sample */

/**
 * @typedef {object} Measured a workload on one runtime
 * @property {RuntimeName} runtime
 * @property {string} workload
 * @property {string} title
 * @property {string} unit
 * @property {string} [counted]
 * @property {Row[]} rows
 * @property {Sample[]} samples
 */

/** @typedef {Measured & { lines: import("./summary.mjs").Line[] }} Result */

/**
 * @typedef {object} About what was measured, and where
 * @property {string} date when it began, in ISO 8601
 * @property {boolean} complete whether the run came to its end
 * @property {boolean} quick
 * @property {import("./machine.mjs").Machine} machine
 * @property {Partial<Record<RuntimeName | "go", string>>} versions
 * @property {Record<string, string>} subjects what they are, by name
 */

/** @typedef {About & { results: Result[] }} Results */

/**
 * @param {RuntimeName} runtime
 * @param {import("./workloads/workload.mjs").Workload<any>} workload
 * @param {readonly Row[]} rows
 * @param {Sample[]} samples
 * @returns {Result}
 */
export function resultOf(runtime, { name, title, unit, counted }, rows, samples) {
  const plainRows = rows.map(({ name: row, subjects, reference, targets }) => {
    return { name: row, subjects, ...(reference !== undefined && { reference }), ...(targets && { targets }) };
  });
  const described = { title, unit, ...(counted !== undefined && { counted }) };
  return summarized({ runtime, workload: name, ...described, rows: plainRows, samples });
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
  return { ...measured, lines: summarize(measured.rows, measured.samples, measured.runtime) };
}
