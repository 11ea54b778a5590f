// @ts-check
// Results of several runtimes, side by side.
import { targetText } from "./figures.mjs";
import { shareOfTarget } from "./summary.mjs";

/** @typedef {import("../scripts/runtimes.mjs").RuntimeName} RuntimeName */
/** @typedef {import("./results.mjs").Result} Result */
/** @typedef {import("./summary.mjs").Outcome} Outcome */
/** @typedef {import("./summary.mjs").Row} Row */

/**
 * @template Cell
 * @typedef {{ label: string, on: Partial<Record<RuntimeName, Cell>> }} Line one thing on every runtime that has it
 */

/**
 * @typedef {object} WorkResults
 * @property {string} work
 * @property {string} title
 * @property {string} unit
 * @property {string | undefined} counted
 * @property {Result[]} results
 * @property {Line<Row>[]} rows
 * @property {Line<Outcome>[]} targets
 */

/** More than that are told apart by nobody at a glance: then the worst one stands for all. */
const MANY_TARGETS = 6;

/** @param {Result[]} results @returns {RuntimeName[]} */
export function runtimesOf(results) {
  return [...new Set(results.map(({ runtime }) => runtime))];
}

/** @param {Result[]} all @returns {WorkResults[]} in the order of the run */
export function byWork(all) {
  return [...new Set(all.map(({ work }) => work))].map((work) => {
    const results = all.filter((result) => result.work === work);
    const { title, unit, counted } = /** @type {Result} */ (results[0]);
    const rows = sideBySide(results, (result) => result.rows.map((row) => [row.candidate, row]));
    const targets = sideBySide(results, (result) =>
      result.outcomes.map((outcome) => [targetText(outcome, unit), outcome]),
    );
    return { work, title, unit, counted, results, rows, targets };
  });
}

/**
 * A work's targets, at a glance.
 *
 * @param {WorkResults} work
 * @returns {Line<Outcome>[]}
 */
export function mainTargets({ results, targets }) {
  if (targets.length <= MANY_TARGETS) return targets;
  const worst = results.flatMap(({ runtime, outcomes }) => {
    const [first] = outcomes.toSorted((one, other) => share(other) - share(one));
    return first === undefined ? [] : [[runtime, first]];
  });
  return [{ label: `the worst of ${targets.length}`, on: Object.fromEntries(worst) }];
}

/** @param {Outcome} outcome */
function share(outcome) {
  return shareOfTarget(outcome, outcome.value.median);
}

/**
 * @template Cell
 * @param {Result[]} results
 * @param {(result: Result) => [string, Cell][]} cellsOf
 * @returns {Line<Cell>[]}
 */
function sideBySide(results, cellsOf) {
  /** @type {Map<string, Line<Cell>>} */
  const lines = new Map();
  for (const result of results) {
    for (const [label, cell] of cellsOf(result)) {
      const line = lines.get(label) ?? { label, on: {} };
      line.on[result.runtime] = cell;
      lines.set(label, line);
    }
  }
  return [...lines.values()];
}
