// @ts-check
// Results as Markdown tables, padded so that they can be read on a terminal too.
import { caveats, isGeneratorBusy } from "./caveats.mjs";
import { digits, percent, range } from "./figures.mjs";

/** @typedef {import("./results.mjs").Result} Result */
/** @typedef {import("./summary.mjs").Line} Line */

/**
 * One workload on one runtime, with everything that was measured.
 *
 * @param {Result} result
 */
export function workloadTable({ unit, counted, lines }) {
  const header = ["", "subject", `median, ${unit}`, "lowest – highest", "×", "target", ""];
  const [perSecond, busy, generator] = [`${counted ?? ""}/s`, "busy", "generator"];
  const body = lines.map((line) => [...costCells(line), ...timeCells(line)]);
  const cells = withoutEmptyColumns([[...header, perSecond, busy, generator], ...groupedByFirst(body)]);
  return [table(cells, 2), ...caveats(lines).map((caveat) => `\n${caveat}`)].join("\n");
}

/** All targets of all results. @param {readonly Result[]} results */
export function targetsTable(results) {
  const lines = results.flatMap(({ runtime, workload, unit, lines: all }) =>
    all
      .filter(({ atMost }) => atMost !== undefined)
      .map((line) => {
        const { row, subject, reference, value, ratio = value } = line;
        const what = reference === undefined ? `${subject}, ${unit}` : `${subject} / ${reference}`;
        return [workload, row, what, runtime, digits(ratio.median), range(ratio), ...targetCells(line)];
      }),
  );
  return table([["workload", "row", "", "runtime", "median", "lowest – highest", "target", ""], ...lines], 4);
}

/** @param {Line} line */
function costCells(line) {
  const { row, subject, value, ratio } = line;
  return [row, subject, digits(value.median), range(value), ratioCell(line, ratio), ...targetCells(line)];
}

/** @param {Line} line @param {Line["ratio"]} ratio */
function ratioCell({ reference }, ratio) {
  return ratio === undefined ? "" : `${digits(ratio.median)} ${reference}`;
}

/** @param {Line} line */
function targetCells({ atMost, met }) {
  return atMost === undefined ? ["", ""] : [`≤ ${atMost.toLocaleString("en")}`, met ? "met" : "MISSED"];
}

/** Nothing where nothing was measured. @param {Line} line */
function timeCells(line) {
  const { perSecond, busy, generatorBusy } = line;
  const mark = isGeneratorBusy(line) ? "! " : "";
  return [
    perSecond === undefined ? "" : digits(perSecond),
    busy === undefined ? "" : percent(busy),
    generatorBusy === undefined ? "" : `${mark}${percent(generatorBusy)}`,
  ];
}

/** Empties the first cell of a row if it is the same as in the row above. @param {string[][]} rows */
function groupedByFirst(rows) {
  return rows.map(([first = "", ...others], index) => [first === rows[index - 1]?.[0] ? "" : first, ...others]);
}

/** @param {string[][]} cells */
function withoutEmptyColumns([header = [], ...rows]) {
  const kept = header.map((_, column) => rows.some((row) => row[column] !== ""));
  return [header, ...rows].map((row) => row.filter((_, column) => kept[column]));
}

/**
 * @param {string[][]} cells the header first
 * @param {number} texts columns at the left that hold text; numbers follow
 */
export function table([header = [], ...rows], texts) {
  const widths = header.map((_, column) => Math.max(3, ...[header, ...rows].map((row) => row[column]?.length ?? 0)));
  const line = (/** @type {string[]} */ row) =>
    `| ${widths.map((width, column) => (column < texts ? (row[column] ?? "").padEnd(width) : (row[column] ?? "").padStart(width))).join(" | ")} |`;
  const rule = widths.map((width, column) => (column < texts ? "-".repeat(width) : `${"-".repeat(width - 1)}:`));
  return [line(header), line(rule), ...rows.map(line)].join("\n");
}
