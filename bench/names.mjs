// @ts-check
// A candidate's name may say first under what it is measured: "256 in flight: spillway".

const SEPARATOR = ": ";

/** @param {string} name @returns {{ under: string, candidate: string }} `under` is empty where nothing is said */
export function splitName(name) {
  const at = name.indexOf(SEPARATOR);
  if (at === -1) return { under: "", candidate: name };
  return { under: name.slice(0, at), candidate: name.slice(at + SEPARATOR.length) };
}

/** One relative to another; what both are measured under is said once. @param {string} name @param {string} relativeTo */
export function pairName(name, relativeTo) {
  const other = splitName(relativeTo);
  return `${name} / ${splitName(name).under === other.under ? other.candidate : relativeTo}`;
}

/** @param {string} name */
export function isSpillway(name) {
  return splitName(name).candidate.startsWith("spillway");
}
