// @ts-check
// npm run mutate: breaks the core and the adapters in one small way after the other (test/mutation), and sees whether the
// simulator or a test notices. Not part of npm test.
//
// Works on a copy. Exit code 1 when a mutation survives, or is none any more because its text has changed.
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { Option } from "commander";
import { root, run, tool } from "./commands.mjs";
import { findRuntime, runtimeNames } from "./runtimes.mjs";
import { nameOrFile, refuse, script, succeed, wholeNumber } from "./script.mjs";

/** The files that the simulator and the tests of the core need. */
const COPIED = ["src", "test", "package.json", "deno.json", "tsconfig.json", "vitest.config.ts"];
/** A run that takes longer hangs, which counts as noticed. */
const LONGEST_MS = 240_000;

/** @type {{ only: string, seeds: number }} */
const { only, seeds } = script(
  "mutate",
  "Breaks a copy of the core and of the adapters in one small way after the other, and sees what notices.",
)
  .addOption(
    new Option("--only <names>", "those mutations, or what begins so; between commas")
      .argParser(nameOrFile)
      .default("", "all"),
  )
  .option("--seeds <n>", "what the simulator tries on each", wholeNumber(0), 400)
  .parse()
  .opts();

const compiled = path.join("tmp", "mutation", "test", "mutation");
succeed(await run(tool("typescript", ["-p", "test/mutation"], "tsc")));
const { MUTATIONS } = /** @type {typeof import("../test/mutation/mutations.ts")} */ (
  await import(pathToFileURL(path.join(root, compiled, "mutations.js")).href)
);
const isAsked = (/** @type {string} */ title) => only.split(",").some((beginning) => title.startsWith(beginning));
const chosen = MUTATIONS.flatMap(({ mutations, ...where }) =>
  mutations.map((mutation) => ({ ...where, ...mutation })),
).filter((breakage) => isAsked(titleOf(breakage)));
if (chosen.length === 0) refuse(`no mutation is called ${only}`);
const width = Math.max(...chosen.map((breakage) => titleOf(breakage).length));

const copy = mkdtempSync(path.join(os.tmpdir(), "spillway-mutate-"));
const started = performance.now();
let simulated = 0;
let tested = 0;
try {
  for (const name of COPIED) cpSync(path.join(root, name), path.join(copy, name), { recursive: true });
  symlinkSync(path.join(root, "node_modules"), path.join(copy, "node_modules"), "junction");
  await checkUnbroken();
  for (const mutation of chosen) {
    console.log(`${titleOf(mutation).padEnd(width)}  ${await fate(mutation)}`);
  }
} finally {
  rmSync(copy, { recursive: true, force: true });
}
const caught = simulated + tested;
const minutes = ((performance.now() - started) / 60_000).toFixed(1);
console.log(
  `\n${caught} of ${chosen.length} caught, ${simulated} by the simulator and ${tested} by a test, in ${minutes} min`,
);
if (caught < chosen.length) process.exitCode = 1;

/** Refuses tests that fail without a mutation: they would catch every one. */
async function checkUnbroken() {
  for (const name of [undefined, ...runtimeNames]) {
    const there = chosen.filter(({ runtime }) => runtime === name);
    if (there.length === 0) continue;
    const failure = await firstFailure({ runtime: name, tests: [...new Set(there.flatMap(({ tests }) => tests))] });
    if (failure === undefined) continue;
    rmSync(copy, { recursive: true, force: true });
    refuse(`${name ?? "the core"} fails unbroken: ${failure.said}`);
  }
}

/** @typedef {Omit<import("../test/mutation/mutation.ts").Mutated, "mutations"> & import("../test/mutation/mutation.ts").Mutation} Breakage */

/** @param {Breakage} breakage */
async function fate({ file, runtime, tests, find, replacement }) {
  const target = path.join(copy, file);
  const source = readFileSync(target, "utf8");
  const parts = source.split(find);
  if (parts.length !== 2) return `NO MUTATION: its text occurs ${parts.length - 1} times`;
  writeFileSync(target, parts.join(replacement));
  try {
    const failure = await firstFailure({ runtime, tests });
    if (failure?.by === "simulator") simulated += 1;
    else if (failure !== undefined) tested += 1;
    return short(failure?.said ?? "SURVIVED");
  } finally {
    writeFileSync(target, source);
  }
}

/**
 * Returns the first check that notices the mutation, and its message.
 *
 * @param {{ runtime: Breakage["runtime"] | undefined, tests: readonly string[] }} where
 * @returns {Promise<{ by: "simulator" | "test", said: string } | undefined>}
 */
async function firstFailure({ runtime, tests }) {
  // The simulator knows no adapter.
  const bySimulator = runtime === undefined ? await simulate() : undefined;
  if (bySimulator !== undefined) return { by: "simulator", said: bySimulator };
  const byTest = await test(tests, runtime);
  return byTest === undefined ? undefined : { by: "test", said: byTest };
}

/** Returns the message of the simulator, if it notices the mutation. */
async function simulate() {
  // Types do not matter, and checking them takes longer than the seeds.
  const built = await run(tool("typescript", ["-p", "test/mutation", "--noCheck"], "tsc"), { cwd: copy });
  if (!built.ok) throw new Error(`a mutation must compile: ${built.output}`);
  const simulator = path.join(copy, compiled, "first_failure.js");
  const command = { command: process.execPath, args: [simulator, String(seeds)] };
  const { ok: unnoticed, output: said } = await run(command, { cwd: copy, timeoutMs: LONGEST_MS });
  return unnoticed ? undefined : (said.match(/^seed \d+: .*/m)?.[0] ?? `the simulator ends: ${lastLine(said)}`);
}

/** The first test that fails, if one does. @param {readonly string[]} tests @param {Breakage["runtime"]} runtime */
async function test(tests, runtime = "node") {
  const args = ["run", "--bail=1", "--reporter=default", ...tests];
  const env = { NO_COLOR: "1" };
  const [vitest = "", ...rest] = tool("vitest", args).args;
  const command = (await findRuntime(runtime)).command(vitest, rest);
  const { ok: unnoticed, output: said } = await run(command, { cwd: copy, env, timeoutMs: LONGEST_MS });
  return unnoticed ? undefined : (said.match(/^ *FAIL +(.*)/m)?.[1] ?? `the tests end: ${lastLine(said)}`);
}

/** Of the adapters, whose files have the same names, the runtime comes first. @param {Breakage} breakage */
function titleOf({ file, name, runtime }) {
  return `${runtime === undefined ? "" : `${runtime} `}${path.basename(file, ".ts")} ${name}`;
}

/** @param {string} text */
function lastLine(text) {
  return text.trim().split("\n").at(-1) ?? "";
}

/** @param {string} text */
function short(text) {
  return text.length > 160 ? `${text.slice(0, 159)}…` : text;
}
