// @ts-check

/** @typedef {import("../scripts/runtimes.mjs").RuntimeName} RuntimeName */

const NAMES = { node: "Node", deno: "Deno", bun: "Bun", go: "Go" };

/** @param {keyof typeof NAMES} name @param {Partial<Record<keyof typeof NAMES, string>>} versions */
export function titleOf(name, versions) {
  return `${NAMES[name]} ${versions[name] ?? ""}`.trimEnd();
}
