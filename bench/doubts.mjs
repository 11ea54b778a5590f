// @ts-check
// What makes a measurement say less than it seems to.
import { percent } from "./figures.mjs";

/** @typedef {import("./summary.mjs").Row} Row */

/** From here on the generator may have been what the server waited for, and the number says less. */
const GENERATOR_BUSY = 0.85;

/**
 * The process under test has work, or else the generator. If neither had the CPU for most of the time, other programs did;
 * then server and generator take turns instead of running side by side, which changes what a line costs: writes above all.
 */
const UNDISTURBED = 0.85;

/** @param {Row} row */
export function isGeneratorBusy({ generatorBusy = 0 }) {
  return generatorBusy > GENERATOR_BUSY;
}

/** @param {Row} row */
function isDisturbed({ busy, generatorBusy = 0 }) {
  return busy !== undefined && Math.max(busy, generatorBusy) < UNDISTURBED;
}

/** @param {Row[]} rows @returns {string[]} */
export function doubts(rows) {
  const found = [];
  if (rows.some(isGeneratorBusy))
    found.push(`generator more than ${percent(GENERATOR_BUSY)} busy: it may be the bottleneck`);
  if (rows.some(isDisturbed)) found.push("other programs used the CPUs: run it again on a quiet machine");
  return found;
}
