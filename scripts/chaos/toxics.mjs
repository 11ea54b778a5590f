// @ts-check
// One server behind a proxy of toxics, in rounds that end with a drain; or, with --soak, under many short connections.
import { findRuntime } from "../runtimes.mjs";
import { compiled, load } from "./compiled.mjs";
import { clearProgress, progressOf } from "./progress.mjs";

/** @typedef {import("../runtimes.mjs").RuntimeName} RuntimeName */
/** @typedef {import("../../test/chaos/storm.ts").StormReport} StormReport */

const ROUND_SECONDS = 20;
/** Arguments before the script: they expose a collector that can be asked. */
const FLAGS = { node: ["--expose-gc"], deno: ["run", "-A", "--quiet", "--v8-flags=--expose-gc"], bun: ["--bun"] };

/** Returns how many promises were broken. @param {readonly RuntimeName[]} names @param {{ seconds: number, seed: number }} options */
export async function stormWithToxics(names, { seconds, seed }) {
  const { storm, DRAIN_MS } = /** @type {typeof import("../../test/chaos/storm.ts")} */ (await load("storm.js"));
  console.log(`seed ${seed}, ${seconds} s of load for each runtime`);
  const rows = [];
  let broken = 0;
  for (const name of names) {
    const { command, version } = await serverOn(name, DRAIN_MS);
    /** @type {StormReport[]} */
    const reports = [];
    const startedAt = performance.now();
    for (let done = 0, round = 0; done < seconds; done += ROUND_SECONDS, round++) {
      const part = Math.min(ROUND_SECONDS, seconds - done);
      const onProgress = progressOf(`${name} ${version}, round ${round + 1}`);
      const report = await storm({ server: command, seed: seed + round, seconds: part, onProgress });
      reports.push(report);
      broken += report.brokenCount;
      tell(report, `npm run chaos -- --runtime ${name} --seconds ${part} --seed ${seed + round}`);
    }
    rows.push(row(`${name} ${version}`, reports, (performance.now() - startedAt) / 1_000));
  }
  clearProgress();
  console.table(Object.fromEntries(rows));
  return broken;
}

/** Returns how many promises were broken. @param {readonly RuntimeName[]} names @param {{ connections: number, seed: number }} options */
export async function soakAll(names, { connections, seed }) {
  const { soak } = /** @type {typeof import("../../test/chaos/soak.ts")} */ (await load("soak.js"));
  const { DRAIN_MS } = /** @type {typeof import("../../test/chaos/storm.ts")} */ (await load("storm.js"));
  console.log(`seed ${seed}, ${connections} connections for each runtime`);
  const rows = [];
  let broken = 0;
  for (const name of names) {
    const { command, version } = await serverOn(name, DRAIN_MS);
    const report = await soak({ server: command, seed, connections, onProgress: progressOf(`${name} ${version}`) });
    broken += report.broken.length;
    clearProgress();
    for (const promise of report.broken) console.log(`BROKEN: ${name}: ${promise}`);
    rows.push([`${name} ${version}`, report.figures]);
  }
  console.table(Object.fromEntries(rows));
  return broken;
}

/** @param {RuntimeName} name @param {number} drainMs */
async function serverOn(name, drainMs) {
  const { program, version } = await findRuntime(name);
  const command = { command: program, args: [...FLAGS[name], compiled("storm_server.js"), String(drainMs)] };
  return { command, version };
}

/** @param {StormReport} report @param {string} again */
function tell(report, again) {
  if (report.brokenCount === 0) return;
  clearProgress();
  for (const promise of report.broken) console.log(`BROKEN: ${promise}`);
  console.log(`  ${report.brokenCount} in all; again, more or less: ${again}`);
}

/**
 * @param {string} name
 * @param {StormReport[]} reports
 * @param {number} tookSeconds
 * @returns {[string, Record<string, number>]}
 */
function row(name, reports, tookSeconds) {
  /** @param {(report: StormReport) => number} count */
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
