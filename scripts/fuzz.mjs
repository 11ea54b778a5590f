// @ts-check
// npm run fuzz: random and damaged inputs for every codec, against dist. Not part of npm test, which runs a few of them.
//
//   npm run fuzz -- [--codec NAME] [--inputs N] [--seed N] [--first N]
//
// The same numbers make the same inputs. Exit code 1 when one fails.
import path from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { build } from "./build.mjs";
import { root, run, tool } from "./commands.mjs";

const STEP = 10_000;
/** Most inputs are refused somewhere: half the time would go into stacks that nobody reads. */
const { stackTraceLimit } = Error;

const { values } = parseArgs({
  options: {
    codec: { type: "string" },
    inputs: { type: "string", default: "1000000" },
    seed: { type: "string", default: "1" },
    first: { type: "string", default: "0" },
  },
});
const [inputs, seed, first] = [whole("inputs"), whole("seed"), whole("first")];

await succeed(await build());
await succeed(await run(tool("typescript", ["-p", "test/fuzz"], "tsc")));
const compiled = (/** @type {string} */ file) => pathToFileURL(path.join(root, "tmp", "fuzz", file)).href;
const { fuzz } = /** @type {typeof import("../test/fuzz/fuzz.ts")} */ (await import(compiled("fuzz.js")));
const { SUBJECTS } = /** @type {typeof import("../test/fuzz/subjects.ts")} */ (await import(compiled("subjects.js")));

const names = Object.keys(SUBJECTS);
if (values.codec !== undefined && !names.includes(values.codec)) {
  console.error(`--codec must be one of ${names.join(", ")}`);
  process.exit(2);
}
for (const name of values.codec === undefined ? names : [values.codec]) fuzzOne(name);

/** @param {string} name */
function fuzzOne(name) {
  const subjects = SUBJECTS[name] ?? [];
  const started = performance.now();
  Error.stackTraceLimit = 0;
  const seconds = () => `${((performance.now() - started) / 1_000).toFixed(1)} s`;
  for (let done = 0; done < inputs; done += STEP) {
    const failure = fuzz(subjects, seed, first + done, Math.min(STEP, inputs - done));
    if (failure !== undefined) return report(name, withStack(subjects, failure));
    if (process.stdout.isTTY) process.stdout.write(`\r${name}: ${done} of ${inputs} inputs, ${seconds()}`);
  }
  console.log(`${process.stdout.isTTY ? "\r" : ""}${name}: ${inputs} inputs, no failure, ${seconds()}`);
}

/** @param {readonly import("../test/fuzz/subjects.ts").Subject[]} subjects @param {import("../test/fuzz/fuzz.ts").Failure} failure */
function withStack(subjects, failure) {
  Error.stackTraceLimit = stackTraceLimit;
  return fuzz(subjects, seed, failure.index, 1) ?? failure;
}

/** @param {string} name @param {import("../test/fuzz/fuzz.ts").Failure} failure */
function report(name, { index, input, error }) {
  console.log(
    `${name}: input ${index} of seed ${seed} FAILED: ${error instanceof Error ? error.stack : String(error)}`,
  );
  console.log(`  the input: ${JSON.stringify(String.fromCharCode(...input))}`);
  console.log(`  again:     npm run fuzz -- --codec ${name} --seed ${seed} --first ${index} --inputs 1`);
  process.exitCode = 1;
}

/** @param {"inputs" | "seed" | "first"} name */
function whole(name) {
  const number = Number(values[name]);
  if (Number.isSafeInteger(number) && number >= 0) return number;
  console.error(`--${name} must be a whole number, not ${values[name]}`);
  return process.exit(2);
}

/** @param {import("./commands.mjs").Outcome} outcome */
async function succeed({ ok, output }) {
  if (ok) return;
  console.error(output);
  process.exit(1);
}
