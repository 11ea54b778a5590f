// @ts-check
// The tests that a runtime ran, from vitest's JSON report, and the comparison of the runtimes.
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { root } from "./commands.mjs";

/**
 * @typedef {object} RuntimeRun
 * @property {string} name
 * @property {string} version
 * @property {number} seconds
 * @property {number} files
 * @property {number} passed
 * @property {number} failed
 * @property {number} skipped
 * @property {number} count the number of tests that were executed
 * @property {Set<string>} ran the full names of the tests that were executed
 * @property {string[]} problems why this runtime failed: its failed tests, and what else
 */

/**
 * @typedef {object} Report
 * @property {{ name: string, status: string, assertionResults: TestResult[] }[]} testResults
 */

/** @typedef {{ fullName: string, status: string, failureMessages?: string[] }} TestResult */

/** @typedef {{ name: string, version: string, seconds: number }} Ended */

/**
 * @param {string} file vitest's JSON report
 * @param {string} errorsFile the errors outside the tests, from the errors reporter
 * @param {Ended} ended
 * @param {boolean} ok what vitest's exit code said
 * @returns {RuntimeRun}
 */
export function readReport(file, errorsFile, ended, ok) {
  if (!existsSync(file)) return failedRun(ended, "vitest ended without a report");
  const run = newRun(ended);
  const { testResults } = /** @type {Report} */ (JSON.parse(readFileSync(file, "utf8")));
  run.files = testResults.length;
  for (const { name: testFile, status: fileStatus, assertionResults } of testResults) {
    const failedBefore = run.failed;
    for (const { fullName, status, failureMessages } of assertionResults) {
      if (status === "passed") run.passed += 1;
      else if (status === "failed")
        fail(run, `${path.relative(root, testFile)} > ${fullName}: ${firstLine(failureMessages)}`);
      else run.skipped += 1;
      if (status !== "passed" && status !== "failed") continue;
      run.count += 1;
      run.ran.add(`${path.relative(root, testFile)} > ${withoutRemark(fullName)}`);
    }
    if (fileStatus === "failed" && run.failed === failedBefore) {
      fail(run, `${path.relative(root, testFile)} failed outside its tests`);
    }
  }
  const errors = /** @type {string[]} */ (existsSync(errorsFile) ? JSON.parse(readFileSync(errorsFile, "utf8")) : []);
  for (const error of errors) fail(run, `an error outside the tests: ${error}`);
  if (run.ran.size === 0 && run.failed === 0) fail(run, "no test ran");
  else if (!ok && run.failed === 0) fail(run, "vitest failed although every test passed");
  return run;
}

/**
 * A runtime on which nothing could run.
 *
 * @param {Ended} ended
 * @param {string} problem
 */
export function failedRun(ended, problem) {
  const run = newRun(ended);
  fail(run, problem);
  return run;
}

/**
 * A runtime that ran fewer tests than another one has failed.
 *
 * @param {RuntimeRun[]} runs
 */
export function compareRuns(runs) {
  const all = new Set(runs.flatMap((run) => [...run.ran]));
  const most = Math.max(...runs.map((run) => run.count));
  for (const run of runs) {
    const fewer = most - run.count;
    if (fewer === 0 || run.count === 0) continue;
    const missing = [...all].filter((test) => !run.ran.has(test));
    const shown = missing.slice(0, 20).map((test) => `\n    ${test}`);
    const more = missing.length > shown.length ? `\n    and ${missing.length - shown.length} more` : "";
    run.failed += fewer;
    run.problems.push(`ran ${fewer} tests fewer than another runtime; these ran elsewhere:${shown.join("")}${more}`);
  }
}

/**
 * Returns the name of a test as it is on every runtime: without the fault of this one.
 *
 * @param {string} fullName
 */
function withoutRemark(fullName) {
  return fullName.replace(/ \((?:known fault|unreliable here): .*\)$/, "");
}

/** @param {RuntimeRun[]} runs */
export function printSummary(runs) {
  const rows = runs.map(({ name, version, files, passed, failed, skipped, seconds }) => {
    return [name, version, files, passed, failed, skipped, `${seconds.toFixed(1)} s`].map(String);
  });
  const header = ["runtime", "version", "files", "passed", "failed", "skipped", "duration"];
  const widths = header.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)));
  console.log();
  for (const row of [header, ...rows]) {
    const cells = row.map((cell, column) =>
      column < 2 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
    );
    console.log(cells.join("  "));
  }
  for (const { name, problems } of runs) for (const problem of problems) console.log(`${name}: ${problem}`);
  const [passed, failed, skipped] = [sum(runs, "passed"), sum(runs, "failed"), sum(runs, "skipped")];
  console.log(`\n${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`);
  if (failed > 0) process.exitCode = 1;
}

/**
 * @param {Ended} ended
 * @returns {RuntimeRun}
 */
function newRun(ended) {
  return { ...ended, files: 0, passed: 0, failed: 0, skipped: 0, count: 0, ran: new Set(), problems: [] };
}

/** @param {string[]} [messages] */
function firstLine(messages) {
  return messages?.[0]?.split("\n", 1)[0];
}

/** @param {RuntimeRun} run @param {string} problem */
function fail(run, problem) {
  run.failed += 1;
  run.problems.push(problem);
}

/** @param {RuntimeRun[]} runs @param {"passed" | "failed" | "skipped"} count */
function sum(runs, count) {
  return runs.reduce((total, run) => total + run[count], 0);
}
