// @ts-check
// What a work is: types only.

/** @typedef {import("../servers.mjs").Candidate} Candidate */

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
 * @property {Candidate} candidate
 * @property {number} round
 * @property {number} value in the work's unit
 * @property {number} [serverBusy] CPU time of the server per elapsed time
 * @property {number} [generatorBusy] CPU time of the generator per elapsed time
 * @property {number} [linesPerSecond]
 */

/**
 * @typedef {object} Target
 * @property {Candidate} candidate
 * @property {Candidate} [relativeTo] the target is the ratio of both in the same round; else it is the value itself
 * @property {number} [atMost]
 * @property {number} [atLeast]
 */

/**
 * @typedef {object} Work
 * @property {string} name
 * @property {string} title
 * @property {string} unit
 * @property {Target[]} targets
 * @property {(bench: Bench) => Promise<Sample[]>} measure
 */

export {};
