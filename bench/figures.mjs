// @ts-check
// How numbers and targets are written, in every table.
import { pairName } from "./names.mjs";

/** @typedef {import("./summary.mjs").Spread} Spread */
/** @typedef {import("./summary.mjs").Applied} Applied */

/** @param {number} value */
export function digits(value) {
  const size = Math.abs(value);
  if (size >= 100) return Math.round(value).toLocaleString("en");
  return value.toFixed(size >= 1 ? 2 : 3);
}

/** @param {Spread} spread */
export function range({ lowest, highest }) {
  return `${digits(lowest)} – ${digits(highest)}`;
}

/** @param {number} share */
export function percent(share) {
  return `${Math.round(share * 100)} %`;
}

/** @param {Applied} target */
export function boundText({ atMost, atLeast }) {
  const [sign, bound] = atMost === undefined ? ["≥", atLeast] : ["≤", atMost];
  return `${sign} ${bound?.toLocaleString("en")}`;
}

/** What a target is about. @param {Applied} target @param {string} unit */
export function targetText({ candidate, relativeTo }, unit) {
  return relativeTo === undefined ? `${candidate}, ${unit}` : pairName(candidate, relativeTo);
}
