// @ts-check
// npm run chaos: real servers on every runtime, with faults and under load; all promises are checked from outside.
//
// Storms run in Node whatever the server runs in, so that what differs is the server. Exit code 1 when a promise was broken.
import { Option } from "commander";
import { busKinds, stormBuses } from "./chaos/bus.mjs";
import { stormClusters } from "./chaos/cluster.mjs";
import { compile } from "./chaos/compiled.mjs";
import { soakAll, stormWithToxics } from "./chaos/toxics.mjs";
import { runtimeNames } from "./runtimes.mjs";
import { refuse, script, wholeNumber } from "./script.mjs";

/** @type {{ runtime?: import("./runtimes.mjs").RuntimeName, seconds: number, seed: number, soak?: boolean, connections: number, cluster?: boolean, bus?: true | import("../test/chaos/bus/acts.ts").BusKind[] }} */
const options = script(
  "chaos",
  "A storm on real servers under load: of toxics, in rounds of at most 20 s, each with a drain, unless an option says another.",
)
  .addOption(new Option("--runtime <name>", "only this one").choices(runtimeNames))
  .option("--seconds <n>", "how long the storm lasts on each", wholeNumber(1, 3_600), 20)
  .addOption(
    new Option("--seed <n>", "what is drawn depends on it")
      .argParser(wholeNumber(1, 2 ** 31))
      .default(1 + Math.floor(Math.random() * 1_000_000), "any"),
  )
  .addOption(
    new Option("--soak", "many short connections instead; nothing of them may stay").conflicts(["cluster", "bus"]),
  )
  .option("--connections <n>", "so many, with --soak", wholeNumber(1, 10_000_000), 200_000)
  .addOption(
    new Option("--cluster", "workers that are killed, stopped and replaced instead, and their supervisor").conflicts(
      "bus",
    ),
  )
  .addOption(new Option("--bus [kinds...]", "servers on a bus instead, by default on each").choices(busKinds))
  .parse()
  .opts();
const names = runtimeNames.filter((name) => options.runtime === undefined || options.runtime === name);
if (process.platform !== "linux" && (options.cluster === true || options.bus !== undefined)) {
  refuse("--cluster and --bus look at processes in /proc, which only Linux has");
}

await compile();
const broken = await stormed();
const verdict = broken === 0 ? "\nNo promise was broken.\n" : `\nBROKEN PROMISES: ${broken}\n`;
// When all is said: what a storm did to a descriptor of Node's own can keep its event loop spinning.
process.stdout.write(verdict, () => process.exit(broken > 0 ? 1 : 0));

function stormed() {
  if (options.soak === true) return soakAll(names, options);
  if (options.bus !== undefined) return stormBuses(names, options.bus === true ? busKinds : options.bus, options);
  if (options.cluster === true) return stormClusters(names, options);
  return stormWithToxics(names, options);
}
