// @ts-check
// npm run bench: what a line, a connection and a frame cost, side by side, in one run. Not a test: nothing fails by being slow.
import { writeFileSync } from "node:fs";
import os from "node:os";
import { build } from "../scripts/build.mjs";
import { findRuntime } from "../scripts/runtimes.mjs";
import { LoadGenerator } from "./load_generator.mjs";
import { parseOptions, USAGE } from "./options.mjs";
import { killAll } from "./process.mjs";
import { printTargets, printWork } from "./report.mjs";
import { outcomes, rows } from "./summary.mjs";
import { broadcast } from "./works/broadcast.mjs";
import { burst } from "./works/burst.mjs";
import { churn } from "./works/churn.mjs";
import { codecs } from "./works/codecs.mjs";
import { concurrency } from "./works/concurrency.mjs";
import { drain } from "./works/drain.mjs";
import { frameMemory } from "./works/frame_memory.mjs";
import { idle } from "./works/idle.mjs";
import { idleCpu } from "./works/idle_cpu.mjs";
import { linear } from "./works/linear.mjs";
import { pingPong } from "./works/ping_pong.mjs";
import { pipelined } from "./works/pipelined.mjs";
import { queued } from "./works/queued.mjs";
import { startUp } from "./works/start_up.mjs";

/** @typedef {ReturnType<typeof parseOptions>} Options */

const LINES = [pingPong, pipelined, broadcast, concurrency, queued];
const CONNECTIONS = [idle, idleCpu, churn, burst, drain, startUp];
const FRAMES = [codecs, linear, frameMemory];
const WORKS = [...LINES, ...CONNECTIONS, ...FRAMES];

process.once("exit", killAll);
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.once(signal, () => process.exit(130));

const asked = readOptions();
if (asked?.help) console.log(USAGE);
else if (asked !== undefined) {
  try {
    await bench(asked);
  } catch (error) {
    console.error(error);
    process.exitCode = 1;
    killAll();
  }
}

function readOptions() {
  try {
    const works = WORKS.map(({ name }) => name);
    return parseOptions(process.argv.slice(2), works);
  } catch (error) {
    console.error(`${/** @type {Error} */ (error).message}\n${USAGE}`);
    process.exitCode = 2;
    return undefined;
  }
}

/** @param {Options} options */
async function bench(options) {
  const machine = `${os.cpus()[0]?.model.trim()}, ${os.availableParallelism()} CPUs, ${os.type()} ${os.release()}`;
  console.log(machine);
  const built = await build();
  if (!built.ok) throw new Error(`the build failed:\n${built.output}`);
  const generator = await LoadGenerator.start(await findRuntime("bun"));
  const results = [];
  for (const name of options.runtimes) {
    const runtime = await find(name);
    if (runtime === undefined) continue;
    const title = `${runtime.name} ${runtime.version}`;
    console.log(`\n── ${title} ──`);
    for (const work of WORKS.filter((one) => options.works.includes(one.name))) {
      const progress = (/** @type {string} */ text) => console.error(`  … ${title}, ${work.name}: ${text}`);
      const { quick, profile: profileDir } = options;
      const given = { runtime, generator, quick, progress, ...(profileDir !== undefined && { profileDir }) };
      const samples = await work.measure(given);
      const result = {
        title,
        work,
        samples,
        rows: rows(samples),
        outcomes: outcomes(samples, work.targets, runtime.name),
      };
      printWork(work, result.rows, result.outcomes);
      results.push(result);
    }
  }
  await generator.end();
  printTargets(results);
  if (options.json !== undefined) writeJson(options.json, machine, results);
}

/** @param {import("../scripts/runtimes.mjs").RuntimeName} name */
async function find(name) {
  try {
    return await findRuntime(name);
  } catch (error) {
    console.error(String(error));
    return undefined;
  }
}

/**
 * @param {string} file
 * @param {string} machine
 * @param {{ title: string, work: import("./works/work.mjs").Work }[]} results
 */
function writeJson(file, machine, results) {
  const plain = results.map(({ title, work, ...rest }) => ({
    runtime: title,
    work: work.name,
    unit: work.unit,
    ...rest,
  }));
  writeFileSync(file, `${JSON.stringify({ date: new Date().toISOString(), machine, results: plain }, undefined, 2)}\n`);
}
