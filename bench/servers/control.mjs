// @ts-check
// What the runner asks of every server.
import { control, cpuMicros } from "../control.mjs";
import { collectedRssBytes } from "../garbage.mjs";

/** @param {number} port where it listens */
export function controlServer(port) {
  return control({ port }, { usage, collect });
}

function usage() {
  return { cpuMicros: cpuMicros() };
}

async function collect() {
  return { rssBytes: await collectedRssBytes() };
}
