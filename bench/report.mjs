// @ts-check
// Tables for people.

/** @typedef {import("./summary.mjs").Row} Row */
/** @typedef {import("./summary.mjs").Spread} Spread */
/** @typedef {import("./summary.mjs").Outcome} Outcome */
/** @typedef {import("./works/work.mjs").Work} Work */

/** From here on the generator may have been what the server waited for, and the number says less. */
const GENERATOR_BUSY = 0.85;

/**
 * The process under test has work, or else the generator. If neither had the CPU for most of the time, other programs did;
 * then server and generator take turns instead of running side by side, which changes what a line costs: writes above all.
 */
const UNDISTURBED = 0.85;

/** @param {Work} work @param {Row[]} rows @param {Outcome[]} outcomes */
export function printWork(work, rows, outcomes) {
  console.log(`\n${work.title}`);
  const header = ["", `median ${work.unit}`, "lowest – highest", `${work.counted ?? ""}/s`, "busy", "generator"];
  printTable(withoutEmptyColumns([header, ...rows.map((row) => [...valueCells(row), ...timeCells(row)])]));
  const busiest = rows.filter(({ generatorBusy }) => generatorBusy > GENERATOR_BUSY);
  if (busiest.length > 0)
    console.log(`  ! generator more than ${percent(GENERATOR_BUSY)} busy: it may be the bottleneck`);
  const disturbed = rows.some((row) => Math.max(row.busy, row.generatorBusy || 0) < UNDISTURBED);
  if (disturbed) console.log("  ! other programs used the CPUs: run it again on a quiet machine");
  for (const outcome of outcomes.filter(({ met }) => !met)) console.log(`  ${outcomeText(outcome, work.unit)}`);
}

/** @param {Row} row */
function valueCells({ candidate, value }) {
  return [candidate, digits(value.median), range(value)];
}

/** @param {Row} row */
function timeCells({ perSecond, busy, generatorBusy }) {
  const mark = generatorBusy > GENERATOR_BUSY ? "! " : "";
  return [
    known(perSecond, Math.round(perSecond).toLocaleString("en")),
    known(busy, percent(busy)),
    known(generatorBusy, `${mark}${percent(generatorBusy)}`),
  ];
}

/** Nothing where nothing was measured. @param {number} value @param {string} text */
function known(value, text) {
  return Number.isNaN(value) ? "" : text;
}

/** @param {string[][]} table */
function withoutEmptyColumns([header = [], ...rows]) {
  const kept = header.map((_, column) => rows.some((row) => row[column] !== ""));
  return [header, ...rows].map((row) => row.filter((_, column) => kept[column]));
}

/** @param {{ title: string, outcomes: Outcome[], work: Work }[]} results */
export function printTargets(results) {
  console.log("\nTargets");
  const lines = results.flatMap(({ title, outcomes, work }) =>
    outcomes.map((outcome) => [
      title,
      work.name,
      named(outcome, work.unit),
      digits(outcome.value.median),
      range(outcome.value),
      bound(outcome),
      outcome.met ? "met" : "MISSED",
    ]),
  );
  printTable([["runtime", "work", "", "median", "lowest – highest", "target", ""], ...lines]);
}

/** Of a missed target; all are listed at the end. @param {Outcome} outcome @param {string} unit */
function outcomeText(outcome, unit) {
  const { value } = outcome;
  return `${named(outcome, unit)}: ${digits(value.median)} (${range(value)}), target ${bound(outcome)}: MISSED`;
}

/** @param {Outcome} outcome @param {string} unit */
function named({ candidate, relativeTo }, unit) {
  return relativeTo === undefined ? `${candidate}, ${unit}` : `${candidate} / ${relativeTo}`;
}

/** @param {Outcome} outcome */
function bound({ atMost, atLeast }) {
  return atMost === undefined ? `≥ ${atLeast}` : `≤ ${atMost}`;
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

/** @param {Spread} spread */
function range({ lowest, highest }) {
  return `${digits(lowest)} – ${digits(highest)}`;
}

/** @param {number} share */
function percent(share) {
  return `${Math.round(share * 100)} %`;
}

/** @param {number} value */
function digits(value) {
  return value >= 100 ? value.toFixed(0) : value >= 1 ? value.toFixed(2) : value.toFixed(3);
}
