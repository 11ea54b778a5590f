// @ts-check
// The types of a workload.

/** @typedef {import("../../scripts/runtimes.mjs").RuntimeName} RuntimeName */

/**
 * @typedef {object} Bench what a workload is given
 * @property {import("../../scripts/runtimes.mjs").Runtime} runtime
 * @property {import("../load_generator.mjs").LoadGenerator} generator
 * @property {boolean} quick
 * @property {number} [rounds] instead of the workload's own number
 * @property {string} [profileDir]
 * @property {string} [baseline] another checkout, whose subjects are measured too
 * @property {(text: string) => void} progress
 */

/**
 * @typedef {object} Sample one subject in one round
 * @property {string} row
 * @property {string} subject
 * @property {number} round
 * @property {number} value in the workload's unit
 * @property {number} [perSecond] how many of what the workload counts
 * @property {number} [busy] CPU time of the process under test per elapsed time
 * @property {number} [generatorBusy] CPU time of the generator per elapsed time
 */

/** The same bound on all runtimes, or one for each of some. @typedef {number | Partial<Record<RuntimeName, number>>} Bound */

/**
 * @typedef {object} Row subjects that are measured in the same rounds
 * @property {string} name
 * @property {readonly string[]} subjects
 * @property {string} [reference] the subject that the others are compared with, as ratios within a round
 * @property {Readonly<Record<string, Bound>>} [targets] by subject: what the ratio, or the value where there is no reference, is at most
 */

/**
 * @template {Row} [R=Row]
 * @typedef {object} Workload
 * @property {string} name
 * @property {string} title
 * @property {string} unit
 * @property {string} [counted] what there are so many of per second
 * @property {readonly R[]} rows
 * @property {(bench: Bench, rows: readonly R[]) => Promise<Sample[]>} measure
 */

export {};
