// @ts-check
// Where the runtimes' programs are. Deno and Bun are dev dependencies; their packages keep the program in another
// place when install scripts did not run, and one on the PATH will do as well.
import { existsSync, readdirSync } from "node:fs";
import path from "node:path";
import { root, run } from "./commands.mjs";

/** @typedef {"node" | "deno" | "bun"} RuntimeName */

/**
 * @typedef {object} Runtime
 * @property {RuntimeName} name
 * @property {string} version
 * @property {string} program
 * @property {(script: string, args?: string[]) => import("./commands.mjs").Command} command runs a script inside it
 */

/** @type {readonly RuntimeName[]} */
export const runtimeNames = ["node", "deno", "bun"];

/** The arguments before a script's name, so that the script runs inside that runtime with all permissions. */
const FLAGS = { node: [], deno: ["run", "-A"], bun: ["--bun"] };

const EXE = process.platform === "win32" ? ".exe" : "";
const modules = path.join(root, "node_modules");

/** Only the package of this machine's platform is installed. */
const CANDIDATES = {
  node: () => [process.execPath],
  deno: () => [path.join(modules, "deno", `deno${EXE}`), ...inScope("@deno", `deno${EXE}`), "deno"],
  bun: () => [path.join(modules, "bun", "bin", "bun.exe"), ...inScope("@oven", path.join("bin", `bun${EXE}`)), "bun"],
};

/**
 * @param {RuntimeName} name
 * @returns {Promise<Runtime>}
 */
export async function findRuntime(name) {
  const tried = CANDIDATES[name]();
  for (const program of tried) {
    const { ok, output } = await run({ command: program, args: ["--version"] }, { timeoutMs: 30_000 });
    const version = /\d+\.\d+\.\d+\S*/.exec(output)?.[0];
    if (!ok || version === undefined) continue;
    return {
      name,
      version,
      program,
      command: (script, args = []) => ({ command: program, args: [...FLAGS[name], script, ...args] }),
    };
  }
  throw new Error(`${name} not found: npm ci installs it (tried ${tried.join(", ")})`);
}

/**
 * @param {string} scope
 * @param {string} file
 */
function inScope(scope, file) {
  const folder = path.join(modules, scope);
  if (!existsSync(folder)) return [];
  return readdirSync(folder).map((name) => path.join(folder, name, file));
}
