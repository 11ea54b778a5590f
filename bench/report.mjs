// @ts-check
// Tables for people, on the terminal.
import { doubts, isGeneratorBusy } from "./doubts.mjs";
import { boundText, digits, percent, range, targetText } from "./figures.mjs";

/** @typedef {import("./results.mjs").Result} Result */
/** @typedef {import("./summary.mjs").Row} Row */
/** @typedef {import("./summary.mjs").Outcome} Outcome */

/** @param {Result} result */
export function printWork({ title, unit, counted, rows, outcomes }) {
  console.log(`\n${title}`);
  const header = ["", `median ${unit}`, "lowest – highest", `${counted ?? ""}/s`, "busy", "generator"];
  printTable(withoutEmptyColumns([header, ...rows.map((row) => [...valueCells(row), ...timeCells(row)])]));
  for (const doubt of doubts(rows)) console.log(`  ! ${doubt}`);
  for (const outcome of outcomes.filter(({ met }) => !met)) console.log(`  ${outcomeText(outcome, unit)}`);
}

/** @param {Row} row */
function valueCells({ candidate, value }) {
  return [candidate, digits(value.median), range(value)];
}

/** Nothing where nothing was measured. @param {Row} row */
function timeCells(row) {
  const { perSecond, busy, generatorBusy } = row;
  const mark = isGeneratorBusy(row) ? "! " : "";
  return [
    perSecond === undefined ? "" : Math.round(perSecond).toLocaleString("en"),
    busy === undefined ? "" : percent(busy),
    generatorBusy === undefined ? "" : `${mark}${percent(generatorBusy)}`,
  ];
}

/** @param {string[][]} table */
function withoutEmptyColumns([header = [], ...rows]) {
  const kept = header.map((_, column) => rows.some((row) => row[column] !== ""));
  return [header, ...rows].map((row) => row.filter((_, column) => kept[column]));
}

/** @param {Result[]} results */
export function printTargets(results) {
  console.log("\nTargets");
  const lines = results.flatMap(({ runtime, work, unit, outcomes }) =>
    outcomes.map((outcome) => [
      runtime,
      work,
      targetText(outcome, unit),
      digits(outcome.value.median),
      range(outcome.value),
      boundText(outcome),
      outcome.met ? "met" : "MISSED",
    ]),
  );
  printTable([["runtime", "work", "", "median", "lowest – highest", "target", ""], ...lines]);
}

/** Of a missed target; all are listed at the end. @param {Outcome} outcome @param {string} unit */
function outcomeText(outcome, unit) {
  const { value } = outcome;
  return `${targetText(outcome, unit)}: ${digits(value.median)} (${range(value)}), target ${boundText(outcome)}: MISSED`;
}

/** @param {string[][]} table text in the first column, numbers behind */
function printTable(table) {
  const widths = table[0]?.map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0))) ?? [];
  for (const row of table) {
    const cells = row.map((cell, column) =>
      column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
    );
    console.log(`  ${cells.join("  ")}`.trimEnd());
  }
}
