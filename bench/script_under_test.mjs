// @ts-check
// How a script is started inside the runtime under test.
import path from "node:path";
import { root } from "../scripts/commands.mjs";

/** @typedef {import("../scripts/runtimes.mjs").Runtime} Runtime */

/** The arguments before the script: all permissions, and a garbage collector that can be called. */
const FLAGS = { node: ["--expose-gc"], deno: ["run", "-A", "--v8-flags=--expose-gc"], bun: ["--bun"] };

/**
 * @typedef {object} ScriptOptions
 * @property {readonly string[]} [args]
 * @property {string | undefined} [profileDir] where the process writes a CPU profile when it ends
 * @property {string | undefined} [checkout] another one than this
 */

/**
 * @param {Runtime} runtime
 * @param {string} script below `bench`
 * @param {ScriptOptions} [options]
 * @returns {import("../scripts/commands.mjs").Command}
 */
export function scriptUnderTest(runtime, script, { args = [], profileDir, checkout = root } = {}) {
  const profile = profileDir === undefined ? [] : ["--cpu-prof", `--cpu-prof-dir=${profileDir}`];
  const file = path.resolve(checkout, "bench", script);
  return { command: runtime.program, args: [...FLAGS[runtime.name], ...profile, file, ...args] };
}
