// @ts-check
// npm run guard: what each case of test/guard costs, on each runtime, beside what test/guard/table.json says. npm test does the
// same on the runtime that it runs in.
//
// Exit code 1 when something differs and was not written.
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { root, run, tool } from "./commands.mjs";
import { findRuntime, runtimeNames } from "./runtimes.mjs";
import { script, succeed } from "./script.mjs";

/** @type {{ write?: boolean }} */
const { write = false } = script(
  "guard",
  "Counts the cost of a line and a connection, and compares it with test/guard/table.json.",
)
  .option("--write", "put what was counted into the table")
  .parse()
  .opts();

succeed(await run(tool("typescript", ["-p", "test/guard"], "tsc")));
const compiled = (/** @type {string} */ file) =>
  pathToFileURL(path.join(root, "tmp", "guard", "test", "guard", file)).href;
const { measureOn } = /** @type {typeof import("../test/guard/child.ts")} */ (await import(compiled("child.js")));
const { differences, updated } = /** @type {typeof import("../test/guard/table.ts")} */ (
  await import(compiled("table.js"))
);

const file = path.join(root, "test", "guard", "table.json");
const table = /** @type {import("../test/guard/table.ts").Table} */ (JSON.parse(readFileSync(file, "utf8")));

/** @type {Partial<Record<import("./runtimes.mjs").RuntimeName, import("../test/guard/child.ts").Measured>>} */
const measured = {};
for (const name of runtimeNames) measured[name] = await measureOn(name, (await findRuntime(name)).program, root);

const now = updated(table, measured);
print(now);
const found = Object.entries(measured).flatMap(([name, counts]) => {
  const cases = new Set([...Object.keys(table.costs), ...Object.keys(counts.costs)]);
  const runtime = /** @type {import("./runtimes.mjs").RuntimeName} */ (name);
  return [...cases].flatMap((one) => differences(one, table, runtime, counts));
});
for (const difference of new Set(found)) console.log(difference);
if (write) writeFileSync(file, `${JSON.stringify(now, null, 2)}\n`);
console.log(`${found.length === 0 ? "nothing" : "something"} differs${write ? "; the table is written" : ""}`);
if (found.length > 0 && !write) process.exitCode = 1;

/** @param {import("../test/guard/table.ts").Table} counted */
function print({ engines, costs }) {
  for (const [name, { asked, ...made }] of Object.entries(costs)) {
    console.log(`${name}\n  ${"asked".padEnd(10)}${list(asked)}`);
    for (const runtime of runtimeNames) console.log(`  ${engines[runtime].padEnd(10)}${list(made[runtime])}`);
  }
  console.log();
}

/** @param {Readonly<Record<string, number>>} counts */
function list(counts) {
  const parts = Object.entries(counts).map(([name, count]) => `${name} ${count}`);
  return parts.length === 0 ? "nothing" : parts.join(", ");
}
