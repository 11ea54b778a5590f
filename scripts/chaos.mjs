// @ts-check
// npm run chaos: real servers on every runtime, behind a proxy of toxics and under load; all promises are checked from outside.
//
// Storms run in Node whatever the server runs in, so that what differs is the server. Exit code 1 when a promise was broken.
import path from "node:path";
import { pathToFileURL } from "node:url";
import { Option } from "commander";
import { build } from "./build.mjs";
import { root, run, tool } from "./commands.mjs";
import { findRuntime, runtimeNames } from "./runtimes.mjs";
import { script, succeed, wholeNumber } from "./script.mjs";

const ROUND_SECONDS = 20;
/** What comes before the script: a collector that can be asked. */
const FLAGS = { node: ["--expose-gc"], deno: ["run", "-A", "--quiet", "--v8-flags=--expose-gc"], bun: ["--bun"] };

/** @type {{ runtime?: import("./runtimes.mjs").RuntimeName, seconds: number, seed: number, soak?: boolean, connections: number }} */
const options = script(
  "chaos",
  "A storm of toxics and load on a real server: in rounds of at most 20 s, each with a drain.",
)
  .addOption(new Option("--runtime <name>", "only this one").choices(runtimeNames))
  .option("--seconds <n>", "how long the storm lasts on each", wholeNumber(1, 3_600), 20)
  .addOption(
    new Option("--seed <n>", "what is drawn depends on it")
      .argParser(wholeNumber(1, 2 ** 31))
      .default(1 + Math.floor(Math.random() * 1_000_000), "any"),
  )
  .option("--soak", "many short connections instead; nothing of them may stay")
  .option("--connections <n>", "so many, with --soak", wholeNumber(1, 10_000_000), 200_000)
  .parse()
  .opts();
const { seconds, seed, connections } = options;
const names = runtimeNames.filter((name) => options.runtime === undefined || options.runtime === name);

succeed(await build());
succeed(await run(tool("typescript", ["-p", "test/chaos"], "tsc")));
const compiled = (/** @type {string} */ file) => path.join(root, "tmp", "chaos", "chaos", file);
const load = (/** @type {string} */ file) => import(pathToFileURL(compiled(file)).href);
const { storm, DRAIN_MS } = /** @type {typeof import("../test/chaos/storm.ts")} */ (await load("storm.js"));
const { soak } = /** @type {typeof import("../test/chaos/soak.ts")} */ (await load("soak.js"));

let broken = 0;
if (options.soak === true) await soakAll();
else await stormAll();
const verdict = broken === 0 ? "\nNo promise was broken.\n" : `\nBROKEN PROMISES: ${broken}\n`;
// When all is said: what a storm did to a descriptor of Node's own can keep its event loop spinning.
process.stdout.write(verdict, () => process.exit(broken > 0 ? 1 : 0));

async function stormAll() {
  console.log(`seed ${seed}, ${seconds} s of load for each runtime`);
  const rows = [];
  for (const name of names) {
    const { command, version } = await serverOn(name);
    /** @type {import("../test/chaos/storm.ts").StormReport[]} */
    const reports = [];
    const startedAt = performance.now();
    for (let done = 0, round = 0; done < seconds; done += ROUND_SECONDS, round++) {
      const part = Math.min(ROUND_SECONDS, seconds - done);
      const onProgress = progressOf(`${name} ${version}, round ${round + 1}`);
      const report = await storm({ server: command, seed: seed + round, seconds: part, onProgress });
      reports.push(report);
      tell(report, `npm run chaos -- --runtime ${name} --seconds ${part} --seed ${seed + round}`);
    }
    rows.push(row(`${name} ${version}`, reports, (performance.now() - startedAt) / 1_000));
  }
  clearProgress();
  console.table(Object.fromEntries(rows));
}

/** @param {import("../test/chaos/storm.ts").StormReport} report @param {string} again */
function tell(report, again) {
  broken += report.brokenCount;
  if (report.brokenCount === 0) return;
  clearProgress();
  for (const promise of report.broken) console.log(`BROKEN: ${promise}`);
  console.log(`  ${report.brokenCount} in all; again, more or less: ${again}`);
}

/**
 * @param {string} name
 * @param {import("../test/chaos/storm.ts").StormReport[]} reports
 * @param {number} tookSeconds
 * @returns {[string, Record<string, number>]}
 */
function row(name, reports, tookSeconds) {
  /** @param {(report: import("../test/chaos/storm.ts").StormReport) => number} count */
  const sum = (count) => reports.reduce((total, report) => total + count(report), 0);
  const kinds = Object.keys(reports[0]?.toxics ?? {});
  const reasons = new Set(reports.flatMap((report) => Object.keys(report.reasons)));
  console.log(
    `${name}: ${[...reasons]
      .toSorted()
      .map((reason) => `${reason} ${sum((report) => report.reasons[reason] ?? 0)}`)
      .join(", ")}`,
  );
  return [
    name,
    {
      seconds: Math.round(tookSeconds),
      drains: reports.length,
      drained: sum((report) => report.drained),
      aborted: sum((report) => report.aborted),
      connections: sum((report) => report.connections),
      requests: sum((report) => report.requests),
      replies: sum((report) => report.replies),
      broadcasts: sum((report) => report.broadcasts),
      dropped: sum((report) => report.dropped),
      ...Object.fromEntries(
        kinds.map((kind) => [kind, sum((report) => /** @type {Record<string, number>} */ (report.toxics)[kind] ?? 0)]),
      ),
      broken: sum((report) => report.brokenCount),
    },
  ];
}

async function soakAll() {
  console.log(`seed ${seed}, ${connections} connections for each runtime`);
  const rows = [];
  for (const name of names) {
    const { command, version } = await serverOn(name);
    const report = await soak({ server: command, seed, connections, onProgress: progressOf(`${name} ${version}`) });
    broken += report.broken.length;
    clearProgress();
    for (const promise of report.broken) console.log(`BROKEN: ${name}: ${promise}`);
    rows.push([`${name} ${version}`, report.figures]);
  }
  console.table(Object.fromEntries(rows));
}

/** @param {import("./runtimes.mjs").RuntimeName} name */
async function serverOn(name) {
  const { program, version } = await findRuntime(name);
  const command = { command: program, args: [...FLAGS[name], compiled("storm_server.js"), String(DRAIN_MS)] };
  return { command, version };
}

/** A line that is written over where there is a terminal, else a line every five seconds. @param {string} what */
function progressOf(what) {
  const startedAt = performance.now();
  let toldAt = startedAt;
  return (/** @type {number} */ done, /** @type {number} */ brokenSoFar) => {
    const now = performance.now();
    if (now - toldAt < (process.stdout.isTTY ? 200 : 5_000)) return;
    toldAt = now;
    const text = `${what}: ${Math.round((now - startedAt) / 1_000)} s, ${done} connections, ${brokenSoFar} promises broken`;
    if (process.stdout.isTTY) process.stdout.write(`\r${text}\u001B[K`);
    else console.log(text);
  };
}

function clearProgress() {
  if (process.stdout.isTTY) process.stdout.write("\r\u001B[K");
}
