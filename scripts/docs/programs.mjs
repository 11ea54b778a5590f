// @ts-check
// The programs of a document: written into a folder of the repository, where "spillway" is the built package by
// self-reference, type-checked, and run on Node and Bun (deno test --doc runs them on Deno).
import { writeFileSync } from "node:fs";
import path from "node:path";
import { run, tool } from "../commands.mjs";
import { findRuntime } from "../runtimes.mjs";
import { place } from "./fences.mjs";

/** @typedef {import("./fences.mjs").Fence} Fence */

const SETTINGS = {
  extends: "../../tsconfig.json",
  compilerOptions: {
    noEmit: false,
    outDir: "built",
    rootDir: ".",
    allowJs: true,
    checkJs: true,
  },
  include: ["."],
};

/** @param {Fence} fence */
export function isProgram({ language }) {
  return language === "ts" || language === "js";
}

/**
 * @param {string} folder
 * @param {Fence[]} fences the programs of one document
 * @param {(text: string) => string} withPorts
 * @returns {Promise<string[]>} what is wrong
 */
export async function checkPrograms(folder, fences, withPorts) {
  const problems = [];
  writeFileSync(path.join(folder, "tsconfig.json"), JSON.stringify(SETTINGS));
  for (const fence of fences) {
    writeFileSync(path.join(folder, fileOf(fence)), withPorts(fence.text));
    if (fence.ignored && fence.file === undefined)
      problems.push(`${place(fence)}: nothing runs this fence: give it a file name`);
  }
  const types = await run(tool("typescript", ["-p", folder], "tsc"));
  if (!types.ok) problems.push(types.output);

  for (const fence of fences.filter(({ ignored }) => !ignored)) {
    const file = fileOf(fence);
    const node = await findRuntime("node");
    const bun = await findRuntime("bun");
    problems.push(
      ...(await runProgram(fence, node, path.join(folder, "built", file.replace(/\.ts$/, ".js")))),
      ...(await runProgram(fence, bun, path.join(folder, file))),
    );
  }
  return problems;
}

/**
 * @param {Fence} fence
 * @param {import("../runtimes.mjs").Runtime} runtime
 * @param {string} file
 */
async function runProgram(fence, runtime, file) {
  const { ok, output, seconds } = await run(runtime.command(file), { timeoutMs: 30_000 });
  console.log(`${ok ? "ok  " : "FAIL"} ${place(fence)} on ${runtime.name} (${seconds.toFixed(1)} s)`);
  return ok ? [] : [`${place(fence)} on ${runtime.name}:\n${output}`];
}

/** @param {Fence} fence */
function fileOf({ file, line, language }) {
  return file ?? `line_${line}.${language}`;
}
