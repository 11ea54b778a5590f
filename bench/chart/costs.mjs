// @ts-check
// The second part of the chart: what the same work costs each candidate.
import { byWork, runtimesOf } from "../by_work.mjs";
import { digits } from "../figures.mjs";
import { isSpillway, splitName } from "../names.mjs";
import { columnTitles, part, space, stack, textLine } from "./layout.mjs";
import { axis, number, plotRow, ROW, whisker, x } from "./plot.mjs";
import { logScale } from "./scales.mjs";
import { element, line } from "./svg.mjs";

/** @typedef {import("../by_work.mjs").Line<import("../summary.mjs").Row>} Line */
/** @typedef {{ title: string, unit: string, groups: { under: string, rows: Line[] }[] }} Comparison */
/** @typedef {import("./layout.mjs").Block} Block */
/** @typedef {import("../../scripts/runtimes.mjs").RuntimeName} RuntimeName */

/** Of fewer than three candidates, the target says it all. */
const FEWEST = 3;
const DOT = 4;

/**
 * Works whose candidates are programs that are described: what the same line, connection or byte costs each of them.
 *
 * @param {import("../results.mjs").Results} all
 * @returns {Comparison[]}
 */
export function comparisons({ results, candidates }) {
  const counting = byWork(results).filter(({ counted }) => counted !== undefined);
  return counting.flatMap(({ title, unit, rows }) => {
    const described = rows.filter(({ label }) => splitName(label).candidate in candidates);
    const groups = grouped(described).filter((group) => group.rows.length >= FEWEST);
    return groups.length === 0 ? [] : { title, unit, groups };
  });
}

/** By what they are measured under. @param {Line[]} rows */
function grouped(rows) {
  const all = [...new Set(rows.map(({ label }) => splitName(label).under))];
  return all.map((under) => ({ under, rows: rows.filter(({ label }) => splitName(label).under === under) }));
}

/** @param {import("../results.mjs").Results} all @param {string[]} titles of the runtimes @returns {Block} */
export function costsPart(all, titles) {
  const compared = comparisons(all);
  if (compared.length === 0) return space(0);
  const runtimes = runtimesOf(all.results);
  return stack([
    part(
      "What the same work costs",
      "CPU time of the server alone; left is cheaper. Logarithmic: equal steps are equal factors.",
    ),
    columnTitles(titles),
    ...compared.map((one) => drawComparison(one, runtimes)),
  ]);
}

/** @param {Comparison} comparison @param {RuntimeName[]} runtimes @returns {Block} */
function drawComparison({ title, unit, groups }, runtimes) {
  const spreads = groups.flatMap(({ rows }) => rows.flatMap(({ on }) => Object.values(on).map(({ value }) => value)));
  const scale = logScale(spreads.flatMap(({ lowest, highest }) => [lowest, highest]));
  const blocks = groups.flatMap(({ under, rows }) => [
    under === "" ? space(4) : textLine(under, "strong", 24),
    ...rows.map((row) => costRow(row, runtimes, scale)),
  ]);
  return stack([textLine(title, "muted", 27), ...blocks, axis(runtimes.length, scale, String, `${unit}, logarithmic`)]);
}

/** @param {Line} row @param {RuntimeName[]} runtimes @param {import("./scales.mjs").Scale} scale */
function costRow({ label, on }, runtimes, scale) {
  const ours = isSpillway(label);
  const shown = { label: splitName(label).candidate, on };
  return plotRow(shown, runtimes, scale, ({ value }, column) => {
    const at = (/** @type {number} */ one) => x(scale, one, column);
    const middle = ROW / 2;
    return [
      line(column.left, middle, column.left + column.plot, middle, "grid"),
      whisker(at(value.lowest), at(value.highest)),
      element("circle", { cx: at(value.median), cy: middle, r: DOT, class: ours ? "ours" : "theirs" }),
      number(column, digits(value.median), ours ? "strong" : ""),
    ].join("");
  });
}
