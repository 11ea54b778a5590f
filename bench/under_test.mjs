// @ts-check
// How a script of the bench is started inside the runtime under test.
import { fileURLToPath } from "node:url";

/** @typedef {import("../scripts/runtimes.mjs").Runtime} Runtime */

/** What comes before the script: all permissions, and a garbage collector that can be asked. */
const FLAGS = { node: ["--expose-gc"], deno: ["run", "-A", "--v8-flags=--expose-gc"], bun: ["--bun"] };

/**
 * @param {Runtime} runtime
 * @param {string} script below this folder
 * @param {string} [profileDir] where it writes a CPU profile when it ends
 * @returns {import("../scripts/commands.mjs").Command}
 */
export function underTest(runtime, script, profileDir) {
  const profile = profileDir === undefined ? [] : profileFlags(profileDir);
  const file = fileURLToPath(new URL(script, import.meta.url));
  return { command: runtime.program, args: [...FLAGS[runtime.name], ...profile, file] };
}

/** The same on all three. @param {string} directory */
function profileFlags(directory) {
  return ["--cpu-prof", `--cpu-prof-dir=${directory}`];
}
