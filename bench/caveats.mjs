// @ts-check
// Circumstances that make a measurement less certain.
import { percent } from "./figures.mjs";

/** @typedef {import("./summary.mjs").Line} Line */

/** From here on the server may have waited for the generator. */
const GENERATOR_BUSY = 0.85;

/**
 * Either the process under test or the generator is busy nearly all the time. If neither was, other programs used the CPUs; then
 * server and generator take turns instead of running side by side, which changes what a line costs, writes above all.
 */
const UNDISTURBED = 0.85;

/** @param {Line} line */
export function isGeneratorBusy({ generatorBusy = 0 }) {
  return generatorBusy > GENERATOR_BUSY;
}

/** @param {Line} line */
function isDisturbed({ busy, generatorBusy = 0 }) {
  return busy !== undefined && Math.max(busy, generatorBusy) < UNDISTURBED;
}

/** @param {readonly Line[]} lines @returns {string[]} */
export function caveats(lines) {
  const found = [];
  if (lines.some(isGeneratorBusy))
    found.push(`The generator was more than ${percent(GENERATOR_BUSY)} busy: it may be the bottleneck.`);
  if (lines.some(isDisturbed)) found.push("Other programs used the CPUs: run it again on a quiet machine.");
  return found;
}
