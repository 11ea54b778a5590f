// @ts-check
// What became of the targets, as tables.

import { byWork, mainTargets, runtimesOf } from "../by_work.mjs";
import { boundText, digits, range } from "../figures.mjs";
import { titleOf } from "../runtime_titles.mjs";
import { counted, table } from "./markdown.mjs";

/** @typedef {import("../../scripts/runtimes.mjs").RuntimeName} RuntimeName */
/** @typedef {import("../by_work.mjs").Line<import("../summary.mjs").Outcome>} Line */
/** @typedef {import("../results.mjs").Results} Results */

/** @param {Results} all */
export function targetsSection({ results, versions }) {
  const outcomes = results.flatMap((result) => result.outcomes);
  const missed = outcomes.filter(({ met }) => !met).length;
  const runtimes = runtimesOf(results);
  const works = byWork(results);
  const rows = works.flatMap((work) => mainTargets(work).map((line) => [`\`${work.work}\``, ...cells(line, runtimes)]));
  const header = ["Work", "What", "Target", ...runtimes.map((runtime) => titleOf(runtime, versions))];
  const verdict = missed === 0 ? "All of them are met." : `${counted(missed, "is", "are")} missed, in bold.`;
  return `## Targets

${counted(outcomes.length, "target was", "targets were")} measured. ${verdict} Each cell has the median, then the lowest and the highest of
all rounds. *A / B* is A's value divided by B's in the same round. Of a work with many targets only the worst is here; all of
them are below.

${table(header, rows, 3)}`;
}

/** A work's targets, each of them. @param {Line[]} lines @param {RuntimeName[]} runtimes @param {Results["versions"]} versions */
export function targetsTable(lines, runtimes, versions) {
  const header = ["What", "Target", ...runtimes.map((runtime) => titleOf(runtime, versions))];
  const rows = lines.map((line) => cells(line, runtimes));
  return table(header, rows, 2);
}

/** @param {Line} line @param {RuntimeName[]} runtimes */
function cells({ label, on }, runtimes) {
  return [label, bounds(on, runtimes), ...runtimes.map((runtime) => outcomeCell(on[runtime]))];
}

/** Said once if it is the same on all. @param {Line["on"]} on @param {RuntimeName[]} runtimes */
function bounds(on, runtimes) {
  const own = runtimes.flatMap((runtime) => {
    const outcome = on[runtime];
    return outcome === undefined ? [] : { runtime, text: boundText(outcome) };
  });
  const different = new Set(own.map(({ text }) => text));
  if (different.size === 1) return [...different].join();
  return own.map(({ runtime, text }) => `${text} ${titleOf(runtime, {})}`).join(", ");
}

/** @param {import("../summary.mjs").Outcome | undefined} outcome */
function outcomeCell(outcome) {
  if (outcome === undefined) return "–";
  const { value, met } = outcome;
  const median = digits(value.median);
  return met ? `${median} (${range(value)})` : `**${median}** (${range(value)}) **missed**`;
}
