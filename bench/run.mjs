// @ts-check
// npm run bench: what a line, a connection and a frame cost, side by side, in one run. Not a test: nothing fails by being slow.
import { writeFileSync } from "node:fs";
import { build } from "../scripts/build.mjs";
import { findRuntime } from "../scripts/runtimes.mjs";
import { CANDIDATES } from "./candidates.mjs";
import { drawChart } from "./chart/chart.mjs";
import { LoadGenerator } from "./load_generator.mjs";
import { goVersion, machineText, thisMachine } from "./machine.mjs";
import { readOptions } from "./options.mjs";
import { killAll } from "./process.mjs";
import { Progress } from "./progress.mjs";
import { printTargets, printWork } from "./report.mjs";
import { resultOf, writeResults } from "./results.mjs";
import { broadcast } from "./works/broadcast.mjs";
import { burst } from "./works/burst.mjs";
import { churn } from "./works/churn.mjs";
import { codecs } from "./works/codecs.mjs";
import { concurrency } from "./works/concurrency.mjs";
import { drain } from "./works/drain.mjs";
import { fairness } from "./works/fairness.mjs";
import { frameMemory } from "./works/frame_memory.mjs";
import { growth } from "./works/growth.mjs";
import { idle } from "./works/idle.mjs";
import { idleCpu } from "./works/idle_cpu.mjs";
import { linear } from "./works/linear.mjs";
import { pingPong } from "./works/ping_pong.mjs";
import { pipelined } from "./works/pipelined.mjs";
import { queued } from "./works/queued.mjs";
import { sizes } from "./works/sizes.mjs";
import { startUp } from "./works/start_up.mjs";

/** @typedef {import("./options.mjs").Options} Options */
/** @typedef {import("../scripts/runtimes.mjs").Runtime} Runtime */
/** @typedef {import("./results.mjs").Results} Results */

const LINES = [pingPong, pipelined, sizes, growth, broadcast, concurrency, queued, fairness];
const CONNECTIONS = [idle, idleCpu, churn, burst, drain, startUp];
const FRAMES = [codecs, linear, frameMemory];
const WORKS = [...LINES, ...CONNECTIONS, ...FRAMES];
/** What says most in the least time. */
const QUICK_WORKS = [pingPong, pipelined, idle];

process.once("exit", killAll);
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.once(signal, interrupt);

try {
  await bench(readOptions(namesOf(WORKS), namesOf(QUICK_WORKS)));
} catch (error) {
  console.error(error);
  process.exitCode = 1;
  killAll();
}

function interrupt() {
  console.error("\ninterrupted");
  process.exit(130);
}

/** @param {import("./works/work.mjs").Work[]} works */
function namesOf(works) {
  return works.map(({ name }) => name);
}

/** @param {Options} options */
async function bench(options) {
  const runtimes = await findAll(options.runtimes);
  const results = await begin(options.quick, runtimes);
  console.log(machineText(results.machine));
  const built = await build();
  if (!built.ok) throw new Error(`the build failed:\n${built.output}`);
  // What cannot be written is known before anything is measured.
  save(results, options);
  const generator = await LoadGenerator.start(await findRuntime("bun"));
  await measureAll(options, runtimes, generator, results);
  await generator.end();
  results.complete = true;
  save(results, options);
  printTargets(results.results);
}

/** @param {Options} options @param {Runtime[]} runtimes @param {LoadGenerator} generator @param {Results} results */
async function measureAll(options, runtimes, generator, results) {
  const { quick, profile: profileDir } = options;
  const works = WORKS.filter(({ name }) => options.works.includes(name));
  const steps = runtimes.flatMap((runtime) => works.map(({ name }) => ({ title: titleOf(runtime), work: name })));
  const progress = new Progress(steps, process.stderr);
  const given = { generator, quick, ...(profileDir !== undefined && { profileDir }) };
  for (const runtime of runtimes) {
    console.log(`\n── ${titleOf(runtime)} ──`);
    for (const work of works) {
      progress.begin();
      const samples = await work.measure({ ...given, runtime, progress: (text) => progress.say(text) });
      progress.end();
      const result = resultOf(runtime.name, work, samples);
      results.results.push(result);
      save(results, options);
      printWork(result);
    }
  }
}

/** @param {Runtime} runtime */
function titleOf({ name, version }) {
  return `${name} ${version}`;
}

/** @param {boolean} quick @param {Runtime[]} runtimes @returns {Promise<Results>} */
async function begin(quick, runtimes) {
  const go = await goVersion();
  return {
    date: new Date().toISOString(),
    complete: false,
    quick,
    machine: thisMachine(),
    versions: {
      ...Object.fromEntries(runtimes.map(({ name, version }) => [name, version])),
      ...(go !== undefined && { go }),
    },
    candidates: CANDIDATES,
    results: [],
  };
}

/** After every work: what was measured must not be lost with what was not. @param {Results} results @param {Options} options */
function save(results, { json, chart }) {
  if (json !== undefined) writeResults(json, results);
  if (chart !== undefined) writeFileSync(chart, drawChart(results));
}

/** @param {import("../scripts/runtimes.mjs").RuntimeName[]} names */
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
