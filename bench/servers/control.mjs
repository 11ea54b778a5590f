// @ts-check
// What the runner asks of every server.
import process from "node:process";
import { control, cpuMicros } from "../control.mjs";

/** @param {number} port where it listens */
export function controlServer(port) {
  return control({ port }, { usage, collect });
}

function usage() {
  return { cpuMicros: cpuMicros() };
}

/** Memory without garbage, as far as the runtime lets itself be asked. */
async function collect() {
  for (let round = 0; round < 2; round++) {
    collectGarbage();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return { rssBytes: process.memoryUsage().rss };
}

function collectGarbage() {
  const { gc, Bun: bun } = /** @type {{ gc?: (options?: object) => void, Bun?: { gc(force: boolean): void } }} */ (
    globalThis
  );
  if (bun !== undefined) return bun.gc(true);
  gc?.();
  // Gives pages back too, where it is known: Deno keeps those that a burst of connections once filled.
  gc?.({ type: "major", execution: "sync", flavor: "last-resort" });
}
