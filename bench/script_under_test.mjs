// @ts-check
// How a script is started inside the runtime under test.
import { fileURLToPath } from "node:url";

/** @typedef {import("../scripts/runtimes.mjs").Runtime} Runtime */

/** What comes before the script: all permissions, and a garbage collector that can be asked. */
const FLAGS = { node: ["--expose-gc"], deno: ["run", "-A", "--v8-flags=--expose-gc"], bun: ["--bun"] };

/**
 * @param {Runtime} runtime
 * @param {string} script below this folder
 * @param {readonly string[]} [args]
 * @param {string} [profileDir] where the process writes a CPU profile when it ends
 * @returns {import("../scripts/commands.mjs").Command}
 */
export function scriptUnderTest(runtime, script, args = [], profileDir) {
  const profile = profileDir === undefined ? [] : ["--cpu-prof", `--cpu-prof-dir=${profileDir}`];
  const file = fileURLToPath(new URL(script, import.meta.url));
  return { command: runtime.program, args: [...FLAGS[runtime.name], ...profile, file, ...args] };
}
