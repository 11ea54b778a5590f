// @ts-check
// npm run check: everything about the sources that is not a test.
//
//   node scripts/check.mjs [STEP…]     only these steps; the names are those that it prints
import { readFileSync } from "node:fs";
import path from "node:path";
import { build } from "./build.mjs";
import { root, run, tool } from "./commands.mjs";
import { consumers } from "./consumers.mjs";
import { documents } from "./docs/fences.mjs";
import { findRuntime } from "./runtimes.mjs";

/** @typedef {{ name: string, run: () => Promise<import("./commands.mjs").Outcome> }} Step */

const { program } = await findRuntime("deno");
const { exports } = /** @type {{ exports: Record<string, string> }} */ (
  JSON.parse(readFileSync(path.join(root, "deno.json"), "utf8"))
);
const entries = [...Object.values(exports), "./src/main.ts"];

/** @param {string} name @param {import("./commands.mjs").Command} command @returns {Step} */
const step = (name, command) => ({ name, run: () => run(command, { env: { NO_COLOR: "1" } }) });
/** @param {string} name @param {string[]} args */
const deno = (name, args) => step(name, { command: program, args });
/** @param {string} name @param {string} file @param {string[]} [args] */
const own = (name, file, args = []) =>
  step(name, { command: process.execPath, args: [path.join(root, "scripts", file), ...args] });

/** @type {Step[]} */
const steps = [
  { name: "build", run: build },
  step("format", tool("@biomejs/biome", ["check", "--error-on-warnings"], "biome")),
  step("lint", tool("oxlint", [])),
  step("types", tool("typescript", ["-p", "."], "tsc")),
  step("types-core", tool("typescript", ["-p", "src/core"], "tsc")),
  step("types-scripts", tool("typescript", ["-p", "scripts"], "tsc")),
  step("types-page", tool("typescript", ["-p", "src/admin/page"], "tsc")),
  step("types-bench", tool("typescript", ["-p", "bench"], "tsc")),
  // The adapters' types of the natives, against the runtimes' own types.
  step("types-deno", tool("typescript", ["-p", "test/types/deno"], "tsc")),
  step("types-bun", tool("typescript", ["-p", "test/types/bun"], "tsc")),
  // Programs of users, with lines that must not compile.
  step("types-public", tool("typescript", ["-p", "test/types/consumer"], "tsc")),
  { name: "consumers", run: consumers },
  deno("deno-check", ["check", "--quiet", ...entries, "examples"]),
  step("unused", tool("knip", ["--no-progress"])),
  step("publint", tool("publint", ["--strict"])),
  // Without its comparison with DefinitelyTyped, which needs the network.
  step(
    "attw",
    tool("@arethetypeswrong/cli", ["--pack", ".", "--profile", "esm-only", "--no-definitely-typed"], "attw"),
  ),
  own("consumer", "consumer.mjs"),
  deno("jsr", ["publish", "--dry-run", "--allow-dirty", "--quiet"]),
  deno("docs-deno", ["test", "--doc", "--quiet", "-A", "src", ...documents()]),
  own("docs", "docs.mjs"),
  own("reference", "reference.mjs", ["--check"]),
  own("docs-api", "api_docs.mjs"),
];

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !steps.some((known) => known.name === name));
if (unknown.length > 0) {
  console.error(`no such step: ${unknown.join(", ")} (there are ${steps.map(({ name }) => name).join(", ")})`);
  process.exitCode = 2;
} else {
  await check(asked.length > 0 ? steps.filter(({ name }) => asked.includes(name)) : steps);
}

/** @param {Step[]} chosen */
async function check(chosen) {
  /** @type {{ name: string, output: string }[]} */
  const failures = [];
  let total = 0;
  for (const { name, run: start } of chosen) {
    const { ok, output, seconds } = await start();
    total += seconds;
    console.log(`${ok ? "ok  " : "FAIL"} ${name.padEnd(14)} ${seconds.toFixed(1).padStart(5)} s`);
    if (!ok) failures.push({ name, output });
    // Without a build, every later step would fail.
    if (!ok && name === "build") break;
  }
  for (const { name, output } of failures) console.log(`\n── ${name} ──\n${output.trim()}`);
  console.log(
    failures.length === 0
      ? `\nAll ${chosen.length} checks passed in ${total.toFixed(1)} s.`
      : `\nFAILED: ${failures.map(({ name }) => name).join(", ")}`,
  );
  if (failures.length > 0) process.exitCode = 1;
}
