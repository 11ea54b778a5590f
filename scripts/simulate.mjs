// @ts-check
// npm run simulate: Spillway on a simulated network, one scenario a seed, and every invariant checked after every event. Not part
// of npm test, which runs a few seeds.
//
// With --cluster: supervisors, workers and clients as processes of one network (test/cluster/nodes.test.ts).
//
// The same numbers make the same traces. Exit code 1 when an invariant did not hold, or when many seeds ran and something that can
// happen never did.
import path from "node:path";
import { pathToFileURL } from "node:url";
import { InvalidArgumentError, Option } from "commander";
import { root, run, tool } from "./commands.mjs";
import { script, succeed, wholeNumber } from "./script.mjs";

/** So many seeds should have seen everything. */
const MANY = 2_000;
const HOUR_MS = 3_600_000;

/** @type {{ seeds: number, hours: number, first: number, replay?: number, cluster?: boolean }} */
const options = script("simulate", "Spillway on a simulated network.")
  .option("--seeds <n>", "so many scenarios", wholeNumber(1), 10_000)
  .option("--first <n>", "the seed of the first", wholeNumber(0), 1)
  .option("--hours <n>", "virtual hours of each", numberAbove0, 1)
  .addOption(new Option("--cluster", "processes of a cluster instead of one server").conflicts("hours"))
  .addOption(
    new Option("--replay <seed>", "only this one, with its trace")
      .argParser(wholeNumber(0))
      .conflicts(["seeds", "first"]),
  )
  .parse()
  .opts();

succeed(await run(tool("typescript", ["-p", "test/simulation"], "tsc")));
const compiled = (/** @type {string} */ file, folder = "simulation") =>
  pathToFileURL(path.join(root, "tmp", "simulation", "test", folder, file)).href;
const { drawScenario } = /** @type {typeof import("../test/simulation/scenario.ts")} */ (
  await import(compiled("scenario.js"))
);
const { labelOf, runScenario } = /** @type {typeof import("../test/simulation/run_scenario.ts")} */ (
  await import(compiled("run_scenario.js"))
);
const { shrinkScenario } = /** @type {typeof import("../test/simulation/shrink_scenario.ts")} */ (
  await import(compiled("shrink_scenario.js"))
);
const { Summary } = /** @type {typeof import("../test/simulation/summary.ts")} */ (
  await import(compiled("summary.js"))
);

/** Connections fail all the time: half of it would go into stacks that nobody reads. */
const { stackTraceLimit } = Error;

const { hours } = options;
if (options.cluster === true) await simulateCluster();
else if (options.replay === undefined) await simulate(options.seeds, options.first);
else await replay(options.replay);

/** @param {number} seeds @param {number} first */
async function simulate(seeds, first) {
  const summary = new Summary();
  const started = performance.now();
  let shownAt = 0;
  Error.stackTraceLimit = 0;
  for (let seed = first; seed < first + seeds; seed++) {
    const scenario = drawScenario(seed, hours);
    const outcome = await runScenario(scenario);
    summary.add(outcome);
    if (outcome.failure !== undefined) {
      clear();
      return report(scenario, outcome.failure);
    }
    if (!process.stdout.isTTY || performance.now() - shownAt < 200) continue;
    shownAt = performance.now();
    process.stdout.write(
      `\r${bar(summary.seeds / seeds)} ${summary.seeds} of ${seeds} seeds, ${summary.events} events`,
    );
  }
  clear();
  print(summary, (performance.now() - started) / 1_000);
}

async function simulateCluster() {
  const { drawCluster } = /** @type {typeof import("../test/cluster/support/cluster_scenario.ts")} */ (
    await import(compiled("cluster_scenario.js", "cluster/support"))
  );
  const { explainCluster, runCluster } = /** @type {typeof import("../test/cluster/support/run_cluster.ts")} */ (
    await import(compiled("run_cluster.js", "cluster/support"))
  );
  const { first, replay: only, seeds } = options;
  /** @type {Map<string, number>} */
  const tally = new Map();
  Error.stackTraceLimit = 0;
  for (let seed = only ?? first; seed < (only === undefined ? first + seeds : only + 1); seed++) {
    const scenario = drawCluster(seed);
    const { failure, tally: counts, trace } = await runCluster(scenario, { keepTrace: only !== undefined });
    for (const line of trace.lines) console.log(line);
    if (failure !== undefined) {
      process.exitCode = 1;
      return console.log(await explainCluster(scenario, failure));
    }
    for (const [what, count] of counts) tally.set(what, (tally.get(what) ?? 0) + count);
  }
  table(
    "what happened",
    [...tally].toSorted(([one], [other]) => (one < other ? -1 : 1)),
  );
  console.log("\nno failure");
}

/** @param {number} seed */
async function replay(seed) {
  const scenario = drawScenario(seed, hours);
  const { acts: _, ...settings } = scenario;
  console.log(settings);
  const { failure, world } = await runScenario(scenario, { keepTrace: true });
  for (const line of world.trace.lines) console.log(line);
  console.log(`seed ${seed}: ${world.events} events, trace ${world.trace.hash}`);
  if (failure !== undefined) await report(scenario, failure);
}

/** @param {import("../test/simulation/scenario.ts").Scenario} scenario @param {unknown} failure */
async function report(scenario, failure) {
  process.exitCode = 1;
  Error.stackTraceLimit = stackTraceLimit;
  const smaller = await shrinkScenario(scenario, failure);
  const { failure: again, world } = await runScenario(smaller, { keepTrace: true });
  console.log(`seed ${scenario.seed} FAILED: ${String(failure)}`);
  console.log(`\n${smaller.acts.length} of its ${scenario.acts.length} acts are enough:`);
  for (const act of smaller.acts) console.log(`  ${act.at.toFixed(3)} ${labelOf(act)}`);
  console.log(`\nwhat happens then (${again instanceof Error ? again.stack : String(again)}):`);
  for (const line of world.trace.lines) console.log(`  ${line}`);
  console.log(`\nagain: npm run simulate -- --replay ${scenario.seed} --hours ${hours}`);
}

/** @param {import("../test/simulation/summary.ts").Summary} summary @param {number} seconds */
function print(summary, seconds) {
  const { seeds, events, virtualMs, connectionMs, hash, missing } = summary;
  const rows = [
    ["seeds", seeds],
    ["events", events],
    ["connections", summary.count("connection-opened")],
    ["virtual hours", Math.round(virtualMs / HOUR_MS)],
    ["connection-hours", Math.round(connectionMs / HOUR_MS)],
    ["seconds", Math.round(seconds)],
    ["virtual seconds a second", Math.round(virtualMs / 1_000 / seconds)],
  ];
  table("", /** @type {[string, number][]} */ (rows));
  table("faults", summary.of("fault"));
  table("what clients did", summary.of("act"));
  table("how connections ended", summary.of("reason"));
  table("why connections were not established", summary.of("establish"));
  table("accept errors", summary.of("accept-error"));
  table("invariants, and how often each was checked", [...summary.invariants]);
  console.log(`\nno failure; the traces' hash is ${hash}`);
  if (missing.length === 0) return;
  console.log(`never happened: ${missing.join(", ")}`);
  if (seeds >= MANY) process.exitCode = 1;
}

/** @param {string} title @param {[string, number][]} rows */
function table(title, rows) {
  if (title !== "") console.log(`\n${title}`);
  for (const [name, count] of rows) console.log(`  ${String(count).padStart(12)}  ${name}`);
}

/** @param {number} part */
function bar(part) {
  const length = Math.round(30 * part);
  return `[${"#".repeat(length)}${".".repeat(30 - length)}]`;
}

function clear() {
  if (process.stdout.isTTY) process.stdout.write("\r\x1b[K");
}

/** @param {string} text */
function numberAbove0(text) {
  const number = Number(text);
  if (number > 0 && number < Infinity) return number;
  throw new InvalidArgumentError("Write a number above 0.");
}
