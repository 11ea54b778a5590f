// @ts-check
// What a work is: types only.

/**
 * @typedef {object} Bench what a work is given
 * @property {import("../../scripts/runtimes.mjs").Runtime} runtime
 * @property {import("../load_generator.mjs").LoadGenerator} generator
 * @property {boolean} quick
 * @property {string} [profileDir]
 * @property {(text: string) => void} progress
 */

/**
 * @typedef {object} Sample one candidate in one round
 * @property {string} candidate
 * @property {number} round
 * @property {number} value in the work's unit
 * @property {number} [perSecond] how many of what the work counts
 * @property {number} [busy] CPU time of the process under test per elapsed time
 * @property {number} [generatorBusy] CPU time of the generator per elapsed time
 */

/**
 * @typedef {object} Target
 * @property {string} candidate
 * @property {string} [relativeTo] the target is the ratio of both in the same round; else it is the value itself
 * @property {Bound} [atMost]
 * @property {Bound} [atLeast]
 */

/** @typedef {number | Record<import("../../scripts/runtimes.mjs").RuntimeName, number>} Bound the same for all, or one per runtime */

/**
 * @typedef {object} Work
 * @property {string} name
 * @property {string} title
 * @property {string} unit
 * @property {string} [counted] what there are so many of per second
 * @property {Target[]} targets those whose candidates are not measured in a quick run do not count then
 * @property {(bench: Bench) => Promise<Sample[]>} measure
 */

export {};
