// @ts-check
// One work: what it is, what everything cost, and which ratios follow.
import { mainTargets, runtimesOf } from "../by_work.mjs";
import { doubts } from "../doubts.mjs";
import { digits, range } from "../figures.mjs";
import { isSpillway, splitName } from "../names.mjs";
import { titleOf } from "../runtime_titles.mjs";
import { ratio } from "../summary.mjs";
import { folded, listed, plain, table } from "./markdown.mjs";
import { targetsTable } from "./targets_section.mjs";

/** @typedef {import("../../scripts/runtimes.mjs").RuntimeName} RuntimeName */
/** @typedef {import("../by_work.mjs").WorkResults} WorkResults */
/** @typedef {import("../results.mjs").Result} Result */
/** @typedef {import("../results.mjs").Results["versions"]} Versions */

/** Longer tables are folded. */
const MANY_ROWS = 30;

/** @param {WorkResults} work @param {Versions} versions */
export function workSection(work, versions) {
  const { title, results, rows, targets } = work;
  // The others are all in the table above.
  const isShortened = mainTargets(work).length < targets.length;
  const medians = mediansTable(work, versions);
  const parts = [
    `### \`${work.work}\``,
    `${title[0]?.toUpperCase()}${plain(title.slice(1))}. ${says(work)}`,
    rows.length > MANY_ROWS ? folded(`All ${rows.length} medians`, medians) : medians,
  ];
  if (isShortened) parts.push(targetsTable(targets, runtimesOf(results), versions));
  return [...parts, ...doubtsOf(results)].join("\n\n");
}

/** @param {Result[]} results */
function doubtsOf(results) {
  const found = results.map(({ runtime, rows }) => ({ name: titleOf(runtime, {}), doubts: doubts(rows) }));
  const all = [...new Set(found.flatMap((one) => one.doubts))];
  return all.map((doubt) => {
    const names = found.filter((one) => one.doubts.includes(doubt)).map(({ name }) => name);
    return `To be doubted on ${listed(names)}: ${doubt}.`;
  });
}

/** @param {WorkResults} work */
function says({ unit, rows }) {
  const reference = rows.find(({ label }) => isSpillway(label))?.label;
  const relative =
    reference === undefined ? "" : `; × is relative to \`${splitName(reference).candidate}\` in the same round`;
  return `Medians in ${unit} (lowest – highest)${relative}.`;
}

/** @param {WorkResults} work @param {Versions} versions */
function mediansTable({ unit, results, rows }, versions) {
  const isCompared = rows.some(({ label }) => isSpillway(label));
  const groups = rows.some(({ label }) => splitName(label).under !== "");
  const titles = results.flatMap(({ runtime }) => {
    const title = `${titleOf(runtime, versions)}, ${unit}`;
    return isCompared ? [title, "×"] : [title];
  });
  const lines = rows.map(({ label }, index) => {
    const names = groups ? namesOf(label, rows[index - 1]?.label) : [label];
    const reference = referenceOf(label, rows);
    const values = results.flatMap((result) => {
      const value = valueCell(result, label);
      return isCompared ? [value, ratioCell(result, label, reference)] : [value];
    });
    return [...names, ...values];
  });
  return table([...(groups ? ["", ""] : [""]), ...titles], lines, groups ? 2 : 1);
}

/** What a candidate is measured under is said once. @param {string} label @param {string} [before] */
function namesOf(label, before = "") {
  const { under, candidate } = splitName(label);
  return [under === splitName(before).under ? "" : under, candidate];
}

/** The first Spillway that is measured under the same. @param {string} label @param {{ label: string }[]} rows */
function referenceOf(label, rows) {
  const { under } = splitName(label);
  return rows.find((row) => isSpillway(row.label) && splitName(row.label).under === under)?.label;
}

/** @param {Result} result @param {string} label */
function valueCell({ rows }, label) {
  const row = rows.find(({ candidate }) => candidate === label);
  return row === undefined ? "–" : `${digits(row.value.median)} (${range(row.value)})`;
}

/** @param {Result} result @param {string} label @param {string | undefined} reference */
function ratioCell({ samples }, label, reference) {
  const value = reference === undefined ? undefined : ratio(samples, label, reference);
  return value === undefined ? "–" : digits(value.median);
}
