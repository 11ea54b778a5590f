// @ts-check
// `spillway serve --workers` under load, whose workers are killed, stopped and replaced, and whose supervisor is.
import path from "node:path";
import { root } from "../commands.mjs";
import { findRuntime } from "../runtimes.mjs";
import { compiled, load } from "./compiled.mjs";
import { progressOf } from "./progress.mjs";
import { tellBroken } from "./tell_broken.mjs";

const MAIN = path.join(root, "dist", "main.js");
const WORKERS = 2;

/**
 * Returns how many promises were broken.
 *
 * @param {readonly import("../runtimes.mjs").RuntimeName[]} names
 * @param {{ seconds: number, seed: number }} options
 */
export async function stormClusters(names, { seconds, seed }) {
  const { clusterStorm } = /** @type {typeof import("../../test/chaos/cluster/cluster_storm.ts")} */ (
    await load("cluster/cluster_storm.js")
  );
  console.log(`seed ${seed}, ${WORKERS} workers, acts for ${seconds} s on each runtime`);
  const rows = [];
  let broken = 0;
  for (const name of names) {
    const { command, version } = await findRuntime(name);
    const startedAt = performance.now();
    const report = await clusterStorm({
      spillway: (args) => command(MAIN, [...args]),
      service: compiled("cluster/service.js"),
      workers: WORKERS,
      name,
      seed,
      seconds,
      onProgress: progressOf(`${name} ${version}`),
    });
    broken += report.brokenCount;
    tellBroken(`cluster-${name}`, report, `--cluster --runtime ${name} --seconds ${seconds} --seed ${seed}`);
    const tookSeconds = Math.round((performance.now() - startedAt) / 1_000);
    rows.push([`${name} ${version}`, { seconds: tookSeconds, ...report.acts, ...report.figures }]);
  }
  console.table(Object.fromEntries(rows));
  return broken;
}
