// @ts-check
// A console fence: its commands, run in order by one bash, and what each of them prints.
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { root } from "../commands.mjs";
import { place } from "./fences.mjs";

/**
 * @typedef {object} Step
 * @property {string} command
 * @property {string} expected
 * @property {boolean} background
 */

/** The commands that install, or run this very script or the tests: CI runs these itself. */
const NOT_RUN = /^(npm (ci|install|i|test|start|run)|deno (add|install)|bun (add|install)|npx jsr|git)\b/;

const TIMEOUT_MS = 60_000;
/** Tests and longer proofs, in the root. */
const ROOT_TIMEOUT_MS = 240_000;

/**
 * @param {import("./fences.mjs").Fence} fence
 * @returns {Step[]}
 */
function stepsOf(fence) {
  /** @type {Step[]} */
  const steps = [];
  for (const line of fence.text.trimEnd().split("\n")) {
    const step = steps.at(-1);
    if (line.startsWith("$ ")) {
      const command = line.slice(2).trim();
      steps.push({ command: command.replace(/&$/, "").trim(), background: command.endsWith("&"), expected: "" });
    } else if (step === undefined) {
      throw new Error(`${place(fence)}: a console fence begins with "$ " and a command`);
    } else {
      step.expected += `${line}\n`;
    }
  }
  return steps;
}

/**
 * @param {import("./fences.mjs").Fence} fence
 * @param {{ folder: string, bin: string, withPorts: (text: string) => string }} where
 * @returns {Promise<string[]>} what is wrong
 */
export async function checkConsole(fence, { folder, bin, withPorts }) {
  const steps = [];
  for (const step of stepsOf(fence)) {
    if (!fence.inRoot && NOT_RUN.test(step.command)) console.log(`     ${place(fence)} not run here: ${step.command}`);
    else steps.push({ ...step, command: withPorts(step.command), expected: withPorts(step.expected) });
  }
  if (steps.length === 0) return [];

  const outputs = mkdtempSync(path.join(folder, "console-"));
  const started = performance.now();
  const script = scriptOf(steps, outputs);
  const ended = fence.inRoot
    ? await bash(script, root, bin, ROOT_TIMEOUT_MS)
    : await bash(script, folder, bin, TIMEOUT_MS);
  const check = fence.inRoot ? succeeded : compare;
  const problems = steps.flatMap((step, index) => check(fence, step, path.join(outputs, String(index))));
  if (ended !== undefined) problems.push(`${place(fence)}: ${ended}`);
  const seconds = (performance.now() - started) / 1000;
  console.log(`${problems.length === 0 ? "ok  " : "FAIL"} ${place(fence)} in bash (${seconds.toFixed(1)} s)`);
  return problems;
}

/**
 * Each command's output goes into a file of its own. A background command is waited for until it has printed as many
 * lines as the document says.
 *
 * @param {Step[]} steps
 * @param {string} outputs
 */
function scriptOf(steps, outputs) {
  const main = JSON.stringify(path.join(root, "dist", "main.js"));
  const lines = [
    'printed() { for _ in $(seq 200); do [ "$(wc -l <"$1")" -ge "$2" ] && return; sleep 0.05; done; }',
    ...steps.flatMap(({ command, background, expected }, index) => {
      const file = JSON.stringify(path.join(outputs, String(index)));
      const program = command.replace(/\bnpx spillway\b/g, `node ${main}`).replace(/\bnpx (deno|bun)\b/g, "$1");
      if (!background) return [`{ ${program}\n} >${file} 2>&1 </dev/null`, `echo $? >${file.slice(0, -1)}.code"`];
      // The redirections come first, so that the command's own win. No braces: a signal must reach the program.
      return [`>${file} 2>/dev/null </dev/null ${program} &`, `printed ${file} ${expected.split("\n").length - 1}`];
    }),
  ];
  return `${lines.join("\n")}\n`;
}

/**
 * @param {string} script
 * @param {string} folder
 * @param {string} bin
 * @param {number} timeoutMs
 * @returns {Promise<string | undefined>} why it did not end by itself
 */
function bash(script, folder, bin, timeoutMs) {
  const PATH = [bin, path.dirname(process.execPath), process.env["PATH"]].join(path.delimiter);
  // Its own process group, so that what it leaves in the background ends with it.
  const child = spawn("bash", ["-c", script], {
    cwd: folder,
    env: { ...process.env, PATH, NO_COLOR: "1" },
    stdio: ["ignore", "ignore", "inherit"],
    detached: true,
  });
  return new Promise((resolve) => {
    const killAll = () => {
      try {
        if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
      } catch {
        // Nothing is left of the group.
      }
    };
    let ended = /** @type {string | undefined} */ (undefined);
    const timer = setTimeout(() => {
      ended = `not at its end after ${timeoutMs / 1000} s`;
      killAll();
    }, timeoutMs);
    child.once("error", (error) => {
      clearTimeout(timer);
      resolve(`bash: ${error.message}`);
    });
    child.once("exit", () => {
      clearTimeout(timer);
      killAll();
      resolve(ended);
    });
  });
}

/**
 * @param {import("./fences.mjs").Fence} fence
 * @param {Step} step
 * @param {string} file
 */
function compare(fence, { command, expected }, file) {
  const printed = textOf(file);
  if (normal(printed) === normal(expected)) return [];
  return [`${place(fence)}: $ ${command}\n  expected:\n${indent(expected)}\n  printed:\n${indent(printed)}`];
}

/**
 * @param {import("./fences.mjs").Fence} fence
 * @param {Step} step
 * @param {string} file
 */
function succeeded(fence, { command }, file) {
  if (textOf(`${file}.code`).trim() === "0") return [];
  return [`${place(fence)}: $ ${command}\n  failed, and printed:\n${indent(textOf(file))}`];
}

/** @param {string} file */
function textOf(file) {
  return existsSync(file) ? readFileSync(file, "utf8") : "(it was not started)";
}

/** Which version of a runtime is installed is not the document's matter. @param {string} text */
function normal(text) {
  return text.trimEnd().replace(/\b(node|deno|bun) v?\d+\.\d+\.\d+[\w.+-]*/g, "$1 VERSION");
}

/** @param {string} text */
function indent(text) {
  return text.trimEnd().replace(/^/gm, "    ");
}

/**
 * Programs that the commands may name besides the system's: the dev dependencies' deno and bun, and nc.
 *
 * @param {string} folder
 * @param {Record<string, string[]>} programs
 */
export function makeBin(folder, programs) {
  const bin = path.join(folder, "bin");
  mkdirSync(bin, { recursive: true });
  for (const [name, command] of Object.entries(programs)) {
    const words = command.map((word) => JSON.stringify(word)).join(" ");
    writeFileSync(path.join(bin, name), `#!/bin/sh\nexec ${words} "$@"\n`, { mode: 0o755 });
  }
  return bin;
}
