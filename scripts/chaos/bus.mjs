// @ts-check
// Servers with members of one room, on a bus whose broker is killed and held, as they are themselves.
import path from "node:path";
import { root } from "../commands.mjs";
import { findRuntime } from "../runtimes.mjs";
import { compiled, load } from "./compiled.mjs";
import { progressOf } from "./progress.mjs";
import { tellBroken } from "./tell_broken.mjs";

/** @typedef {import("../../test/chaos/bus/acts.ts").BusKind} BusKind */

/** @type {readonly BusKind[]} */
export const busKinds = ["local", "redis", "nats"];
const MAIN = path.join(root, "dist", "main.js");

/**
 * Returns how many promises were broken.
 *
 * @param {readonly import("../runtimes.mjs").RuntimeName[]} names
 * @param {readonly BusKind[]} kinds
 * @param {{ seconds: number, seed: number }} options
 */
export async function stormBuses(names, kinds, { seconds, seed }) {
  const { busStorm } = /** @type {typeof import("../../test/chaos/bus/bus_storm.ts")} */ (
    await load("bus/bus_storm.js")
  );
  console.log(`seed ${seed}, acts for ${seconds} s on each bus and runtime`);
  const rows = [];
  let broken = 0;
  for (const name of names) {
    const { command, version } = await findRuntime(name);
    for (const kind of kinds) {
      const startedAt = performance.now();
      const report = await busStorm({
        kind,
        name: `${kind} ${name}`,
        spillway: (args) => command(MAIN, [...args]),
        service: compiled("bus/service.js"),
        seed,
        seconds,
        onProgress: progressOf(`${kind} on ${name} ${version}`),
      });
      broken += report.brokenCount;
      const again = `--bus ${kind} --runtime ${name} --seconds ${seconds} --seed ${seed}`;
      tellBroken(`bus-${kind}-${name}`, report, again);
      const tookSeconds = Math.round((performance.now() - startedAt) / 1_000);
      rows.push([`${kind}, ${name} ${version}`, { seconds: tookSeconds, ...report.acts, ...report.figures }]);
    }
  }
  console.table(Object.fromEntries(rows));
  return broken;
}
