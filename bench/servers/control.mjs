// @ts-check
// What the runner asks of every server.
import { control, cpuMicros } from "../control.mjs";
import { collectedRssBytes } from "../garbage.mjs";

/**
 * @param {number} port where it listens
 * @param {Record<string, import("../control.mjs").Command>} [commands] what it can do besides
 */
export function controlServer(port, commands = {}) {
  return control({ port }, { usage, collect, ...commands });
}

function usage() {
  return { cpuMicros: cpuMicros() };
}

async function collect() {
  return { rssBytes: await collectedRssBytes() };
}
