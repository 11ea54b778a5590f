// @ts-check
// What is drawn in a column of a row.
import { columns, label } from "./layout.mjs";
import { line, text } from "./svg.mjs";

/** @typedef {import("./layout.mjs").Block} Block */
/** @typedef {import("./layout.mjs").Column} Column */
/** @typedef {import("./scales.mjs").Scale} Scale */
/** @typedef {import("../../scripts/runtimes.mjs").RuntimeName} RuntimeName */

export const ROW = 22;
const WHISKER = 3.5;

/**
 * A row: its label, and on every runtime the grid and what `draw` adds.
 *
 * @template Cell
 * @param {import("../by_work.mjs").Line<Cell>} row
 * @param {RuntimeName[]} runtimes
 * @param {Scale} scale
 * @param {(cell: Cell, column: Column) => string} draw
 * @returns {Block}
 */
export function plotRow(row, runtimes, scale, draw) {
  const cells = columns(runtimes.length).map((column, index) => {
    const cell = row.on[/** @type {RuntimeName} */ (runtimes[index])];
    const grid = scale.ticks.map((tick) => line(x(scale, tick, column), 0, x(scale, tick, column), ROW, "grid"));
    return grid.join("") + (cell === undefined ? number(column, "not measured", "muted") : draw(cell, column));
  });
  return { height: ROW, draw: label(row.label, ROW / 2) + cells.join("") };
}

/** @param {Scale} scale @param {number} value @param {Column} column */
export function x(scale, value, { left, plot }) {
  return left + scale.place(value) * plot;
}

/** From the lowest to the highest. @param {number} from @param {number} to */
export function whisker(from, to) {
  const middle = ROW / 2;
  const end = (/** @type {number} */ at) => line(at, middle - WHISKER, at, middle + WHISKER, "whisker");
  return line(from, middle, to, middle, "whisker") + end(from) + end(to);
}

/** Beside the plot. @param {Column} column @param {string} content @param {string} className */
export function number({ right }, content, className) {
  return text(right, ROW / 2 + 4, content, { class: className, "text-anchor": "end" });
}

/**
 * The scale below the rows, and what it means.
 *
 * @param {number} count of columns
 * @param {Scale} scale
 * @param {(tick: number) => string} tickText
 * @param {string} title
 * @returns {Block}
 */
export function axis(count, scale, tickText, title) {
  const ticks = columns(count).flatMap((column) => [
    ...scale.ticks.map((tick) =>
      text(x(scale, tick, column), 13, tickText(tick), { class: "axis", "text-anchor": "middle" }),
    ),
    text(column.left + column.plot / 2, 28, title, { class: "axis", "text-anchor": "middle" }),
  ]);
  return { height: 36, draw: ticks.join("") };
}
