// @ts-check
// How every script starts a program: without a shell, so that it is the same on Linux, macOS and Windows.
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

/** The repository's root, which is every command's working directory. */
export const root = fileURLToPath(new URL("../", import.meta.url));

/**
 * @typedef {object} Command
 * @property {string} command
 * @property {string[]} args
 */

/**
 * @typedef {object} Outcome
 * @property {boolean} ok the command ended with exit code 0, in time
 * @property {string} output what it printed on stdout and stderr, unless it was inherited
 * @property {number} seconds
 */

/**
 * A tool of the dev dependencies, by its own file: the wrappers in node_modules/.bin need a shell on Windows.
 *
 * @param {string} packageName
 * @param {string[]} args
 * @returns {Command}
 */
export function tool(packageName, args, bin = packageName) {
  const folder = path.join(root, "node_modules", packageName);
  const manifest = /** @type {{ bin: string | Record<string, string> }} */ (
    JSON.parse(readFileSync(path.join(folder, "package.json"), "utf8"))
  );
  const file = typeof manifest.bin === "string" ? manifest.bin : manifest.bin[bin];
  if (file === undefined) throw new Error(`${packageName} has no program ${bin}`);
  return { command: process.execPath, args: [path.join(folder, file), ...args] };
}

/**
 * Runs a command to its end. Never rejects: a command that cannot be started is an outcome too.
 *
 * @param {Command} command
 * @param {{ inherit?: boolean, timeoutMs?: number, cwd?: string, env?: NodeJS.ProcessEnv }} [options]
 * @returns {Promise<Outcome>}
 */
export function run({ command, args }, { inherit = false, timeoutMs = 300_000, cwd = root, env = {} } = {}) {
  const started = performance.now();
  const output = inherit ? "inherit" : "pipe";
  const child = spawn(command, args, { cwd, env: { ...process.env, ...env }, stdio: ["ignore", output, output] });
  /** @type {Buffer[]} */
  const chunks = [];
  const keep = (/** @type {Buffer} */ chunk) => chunks.push(chunk);
  child.stdout?.on("data", keep);
  child.stderr?.on("data", keep);
  return new Promise((resolve) => {
    /** @type {NodeJS.Timeout | undefined} */
    let force;
    // Asked first, so that it can still say how far it came.
    const timer = setTimeout(() => {
      chunks.push(Buffer.from(`\nstopped: it ran for more than ${timeoutMs / 1000} s\n`));
      child.kill("SIGINT");
      force = setTimeout(() => child.kill("SIGKILL"), 10_000);
    }, timeoutMs);
    /** @param {boolean} ok @param {string} [extra] */
    const end = (ok, extra = "") => {
      clearTimeout(timer);
      clearTimeout(force);
      const seconds = (performance.now() - started) / 1000;
      resolve({ ok, output: Buffer.concat(chunks).toString() + extra, seconds });
    };
    child.once("error", (error) => end(false, `${command}: ${error.message}\n`));
    child.once("close", (code) => end(code === 0));
  });
}
