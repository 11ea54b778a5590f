// @ts-check
// How numbers are written.

/** @param {number} value */
export function digits(value) {
  const size = Math.abs(value);
  if (size >= 100) return Math.round(value).toLocaleString("en");
  return value.toFixed(size >= 1 || size === 0 ? 2 : 3);
}

/** @param {import("./summary.mjs").Spread} spread */
export function range({ lowest, highest }) {
  return `${digits(lowest)} – ${digits(highest)}`;
}

/** @param {number} share */
export function percent(share) {
  return `${Math.round(share * 100)} %`;
}
