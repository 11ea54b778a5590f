// @ts-check
// From values to places on an axis.

/** @typedef {{ place(value: number): number, ticks: number[] }} Scale places from 0 to 1 */

const STEPS = [1, 2, 5];
const MOST_TICKS = 5;

/** @param {number} most @param {number[]} ticks @returns {Scale} */
export function linearScale(most, ticks) {
  return { place: (value) => clamp(value / most), ticks };
}

/**
 * From a round number to a round number around all values.
 *
 * @param {number[]} values
 * @returns {Scale}
 */
export function logScale(values) {
  const positive = values.filter((value) => value > 0 && Number.isFinite(value));
  if (positive.length === 0) return linearScale(1, [0, 1]);
  const lowest = Math.min(...positive);
  const highest = Math.max(...positive);
  const around = round(Math.floor(Math.log10(lowest)), Math.ceil(Math.log10(highest)));
  const from = around.findLast((tick) => tick <= lowest) ?? lowest;
  const to = around.find((tick) => tick >= highest && tick > from) ?? highest * 2;
  const place = (/** @type {number} */ value) => clamp(Math.log(value / from) / Math.log(to / from));
  return { place, ticks: few(around.filter((tick) => tick >= from && tick <= to)) };
}

/** 1, 2, 5, 10 and so on. @param {number} fromPower @param {number} toPower */
function round(fromPower, toPower) {
  const powers = Array.from({ length: toPower - fromPower + 2 }, (_, index) => fromPower + index);
  // Not a product: 3 × 0.1 is not 0.3.
  return powers.flatMap((power) => STEPS.map((step) => Number(`${step}e${power}`)));
}

/** @param {number[]} ticks */
function few(ticks) {
  if (ticks.length <= MOST_TICKS) return ticks;
  const powers = ticks.filter((tick) => Number.isInteger(Math.log10(tick)));
  const every = Math.ceil(powers.length / MOST_TICKS);
  return powers.filter((_, index) => index % every === 0);
}

/** @param {number} place */
function clamp(place) {
  return Math.min(1, Math.max(0, place));
}
