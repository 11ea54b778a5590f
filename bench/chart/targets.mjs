// @ts-check
// The first part of the chart: how much of what its target allows each value takes.
import { byWork, mainTargets, runtimesOf } from "../by_work.mjs";
import { boundText, digits, percent } from "../figures.mjs";
import { shareOfTarget } from "../summary.mjs";
import { columnTitles, part, space, stack, textLine } from "./layout.mjs";
import { axis, number, plotRow, ROW, whisker, x } from "./plot.mjs";
import { linearScale } from "./scales.mjs";
import { element, line, text } from "./svg.mjs";

/** @typedef {import("../summary.mjs").Outcome} Outcome */
/** @typedef {import("./layout.mjs").Block} Block */
/** @typedef {import("./layout.mjs").Column} Column */

const BAR = 10;
/** What goes beyond is cut off, with an arrow. */
const MOST = 1.5;
const SCALE = linearScale(MOST, [0, 0.5, 1]);

/** @param {import("../results.mjs").Result[]} results @param {string[]} titles of the runtimes @returns {Block} */
export function targetsPart(results, titles) {
  const runtimes = runtimesOf(results);
  const works = byWork(results).filter(({ targets }) => targets.length > 0);
  if (works.length === 0) return space(0);
  const rows = works.flatMap((work) => [
    textLine(work.title, "muted", 27),
    ...mainTargets(work).map((row) => plotRow(row, runtimes, SCALE, drawOutcome)),
  ]);
  return stack([
    part(
      "Targets",
      "The median of each value, as a share of its bound: a bar that ends before the line meets its target.",
    ),
    columnTitles(titles),
    ...rows,
    axis(runtimes.length, SCALE, tickText, "share of the bound"),
  ]);
}

/** @param {number} tick */
function tickText(tick) {
  return tick === 1 ? "target" : percent(tick);
}

/** @param {Outcome} outcome @param {Column} column */
function drawOutcome(outcome, column) {
  const { value, met } = outcome;
  const at = (/** @type {number} */ one) => x(SCALE, shareOfTarget(outcome, one), column);
  const bar = { x: column.left, y: (ROW - BAR) / 2, width: at(value.median) - column.left, height: BAR };
  const target = x(SCALE, 1, column);
  const shares = [value.lowest, value.highest].map((one) => shareOfTarget(outcome, one));
  const beyond = Math.max(...shares) > MOST ? text(column.left + column.plot + 2, ROW / 2 + 4, "▸") : "";
  return [
    element("rect", { ...bar, class: met ? "ours" : "missed" }),
    beyond,
    line(target, 0, target, ROW, "target"),
    whisker(...ordered(at(value.lowest), at(value.highest))),
    number(
      column,
      `${digits(value.median)} (${boundText(outcome)})${met ? "" : " ✕"}`,
      met ? "axis" : "number missed strong",
    ),
  ].join("");
}

/** @param {number} one @param {number} other @returns {[number, number]} */
function ordered(one, other) {
  return one < other ? [one, other] : [other, one];
}
