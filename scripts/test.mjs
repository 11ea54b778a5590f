// @ts-check
// npm test: builds, then runs the whole suite inside each runtime and compares what they ran.
//
//   node scripts/test.mjs [node] [deno] [bun] [vitest's arguments]
//
// The last line is always `N passed, N failed[, N skipped]`, summed over the runtimes.
import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { build } from "./build.mjs";
import { root, run } from "./commands.mjs";
import { ERRORS_FILE } from "./errors_reporter.mjs";
import { findRuntime, runtimeNames } from "./runtimes.mjs";
import { compareRuns, failedRun, printSummary, readReport } from "./test_report.mjs";

/** A run on a busy machine takes several times as long as on a quiet one. */
const LONGEST_MS = 900_000;

const args = process.argv.slice(2);
const isRuntime = (/** @type {string} */ name) => runtimeNames.some((known) => known === name);
const count = args.findIndex((argument) => !isRuntime(argument));
const asked = new Set(args.slice(0, count === -1 ? args.length : count));
const vitestArgs = args.slice(asked.size);
const names = runtimeNames.filter((name) => asked.size === 0 || asked.has(name));

const vitest = path.join(root, "node_modules", "vitest", "vitest.mjs");
const folder = mkdtempSync(path.join(os.tmpdir(), "spillway-test-"));
try {
  const built = await build();
  if (built.ok) {
    /** @type {import("./test_report.mjs").RuntimeRun[]} */
    const runs = [];
    for (const name of names) runs.push(await testOn(name));
    compareRuns(runs);
    printSummary(runs);
  } else {
    console.log(`${built.output}\nThe build failed: no test ran.\n0 passed, 1 failed`);
    process.exitCode = 1;
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/**
 * @param {import("./runtimes.mjs").RuntimeName} name
 * @returns {Promise<import("./test_report.mjs").RuntimeRun>}
 */
async function testOn(name) {
  console.log(`\n── ${name} ──`);
  /** @type {import("./runtimes.mjs").Runtime} */
  let runtime;
  try {
    runtime = await findRuntime(name);
  } catch (error) {
    return failedRun({ name, version: "-", seconds: 0 }, String(error));
  }
  const file = path.join(folder, `${name}.json`);
  const errorsFile = path.join(folder, `${name}.errors.json`);
  const errorsReporter = path.join(root, "scripts", "errors_reporter.mjs");
  const reporters = [
    "--reporter=default",
    "--reporter=json",
    `--outputFile.json=${file}`,
    `--reporter=${errorsReporter}`,
  ];
  const command = runtime.command(vitest, ["run", ...reporters, ...vitestArgs]);
  const env = { [ERRORS_FILE]: errorsFile };
  const { ok, seconds } = await run(command, { inherit: true, timeoutMs: LONGEST_MS, env });
  return readReport(file, errorsFile, { name, version: runtime.version, seconds }, ok);
}
