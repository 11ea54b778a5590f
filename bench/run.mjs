// @ts-check
// npm run bench: what a line, a connection and a frame cost, side by side, in one run. Nothing fails by being slow.
import { writeFileSync } from "node:fs";
import path from "node:path";
import { build } from "../scripts/build.mjs";
import { findRuntime, runtimeNames } from "../scripts/runtimes.mjs";
import { chartOf } from "./chart.mjs";
import { killAll } from "./children.mjs";
import { LoadGenerator } from "./load_generator.mjs";
import { goVersion, machineText, thisMachine } from "./machine.mjs";
import { targetsTable, workloadTable } from "./markdown.mjs";
import { readOptions } from "./options.mjs";
import { pageOf } from "./page.mjs";
import { readResults, resultOf, writeResults } from "./results.mjs";
import { StatusLine } from "./status_line.mjs";
import { SUBJECTS, withBaselines } from "./subjects.mjs";
import { QUICK_WORKLOADS, WORKLOADS } from "./workloads/workloads.mjs";

/** @typedef {import("./options.mjs").Options} Options */
/** @typedef {import("../scripts/runtimes.mjs").Runtime} Runtime */
/** @typedef {import("./results.mjs").Results} Results */
/** @typedef {import("./workloads/workload.mjs").Row} Row */

process.once("exit", killAll);
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.once(signal, interrupt);

const namesOf = (/** @type {typeof WORKLOADS} */ workloads) => workloads.map(({ name }) => name);
const options = readOptions(namesOf(WORKLOADS), namesOf(QUICK_WORKLOADS), Object.keys(SUBJECTS));
try {
  const { from } = options;
  const results = from === undefined ? await measureAll() : readResults(from);
  await save(results);
  console.log(`\n## targets\n\n${targetsTable(results.results)}`);
} catch (error) {
  console.error(error);
  process.exitCode = 1;
  killAll();
}

function interrupt() {
  console.error("\ninterrupted");
  process.exit(130);
}

async function measureAll() {
  const runtimes = await findAll(options.runtime ?? runtimeNames);
  const results = await begin(runtimes);
  console.log(machineText(results.machine));
  const built = await build();
  if (!built.ok) throw new Error(`the build failed:\n${built.output}`);
  // A file that cannot be written is reported before anything is measured.
  await save(results);
  const generator = await LoadGenerator.start(await findRuntime("bun"));
  for (const runtime of runtimes) await measureOn(runtime, generator, results);
  await generator.end();
  results.complete = true;
  return results;
}

/** @param {Runtime} runtime @param {LoadGenerator} generator @param {Results} results */
async function measureOn(runtime, generator, results) {
  const { quick = false, rounds, profile: profileDir, baseline, workload: asked } = options;
  const status = new StatusLine(process.stderr);
  const others = { ...(rounds && { rounds }), ...(profileDir && { profileDir }), ...(baseline && { baseline }) };
  const given = { runtime, generator, quick, ...others };
  const workloads = asked === undefined ? (quick ? QUICK_WORKLOADS : WORKLOADS) : WORKLOADS.filter(isAsked);
  for (const workload of workloads) {
    const rows = chosenRows(workload.rows);
    if (rows.length === 0) continue;
    const progress = (/** @type {string} */ text) => status.say(`${runtime.name}, ${workload.name}: ${text}`);
    const samples = await workload.measure({ ...given, progress }, rows);
    status.clear();
    const result = resultOf(runtime.name, workload, rows, samples);
    results.results.push(result);
    await save(results);
    console.log(`\n## ${workload.name} on ${runtime.name} ${runtime.version}\n\n${workload.title}\n`);
    console.log(workloadTable(result));
  }
}

/** @param {{ name: string }} workload */
function isAsked({ name }) {
  return options.workload?.includes(name) ?? true;
}

/** Rows that were asked for, with the subjects that were. @param {readonly Row[]} rows @returns {Row[]} */
function chosenRows(rows) {
  const { row: texts, subject: names, quick = false, baseline } = options;
  return rows
    .filter(({ name }) => texts?.some((text) => name.includes(text)) ?? true)
    .map((row) => {
      const isKept = (/** @type {string} */ subject) =>
        names?.includes(subject) ?? (!quick || subject in (row.targets ?? {}));
      const kept = row.subjects.filter(isKept);
      const subjects = row.subjects.filter((one) => kept.length > 0 && (isKept(one) || one === row.reference));
      return { ...row, subjects: baseline === undefined ? subjects : withBaselines(subjects) };
    })
    .filter(({ subjects }) => subjects.length > 0);
}

/** @param {Runtime[]} runtimes @returns {Promise<Results>} */
async function begin(runtimes) {
  const go = await goVersion();
  return {
    date: new Date().toISOString(),
    complete: false,
    quick: options.quick ?? false,
    machine: thisMachine(),
    versions: {
      ...Object.fromEntries(runtimes.map(({ name, version }) => [name, version])),
      ...(go !== undefined && { go }),
    },
    subjects: Object.fromEntries(Object.entries(SUBJECTS).map(([name, { about }]) => [name, about])),
    results: [],
  };
}

/** Saves after every workload, so that an interrupted run keeps what it has measured. @param {Results} results */
async function save(results) {
  const { json, markdown, chart } = options;
  if (json !== undefined) writeResults(json, results);
  if (chart !== undefined) writeFileSync(chart, await chartOf(results.results));
  if (markdown === undefined) return;
  const chartFromPage = chart === undefined ? undefined : path.relative(path.dirname(markdown), chart);
  writeFileSync(markdown, pageOf(results, chartFromPage));
}

/** @param {readonly import("../scripts/runtimes.mjs").RuntimeName[]} names */
async function findAll(names) {
  /** @type {Runtime[]} */
  const found = [];
  for (const name of names) {
    try {
      found.push(await findRuntime(name));
    } catch (error) {
      console.error(String(error));
    }
  }
  return found;
}
