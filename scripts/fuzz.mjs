// @ts-check
// npm run fuzz: random and damaged inputs for every codec, against dist. Not part of npm test, which runs a few of them.
//
// The same numbers make the same inputs. Exit code 1 when one fails.
import path from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "./build.mjs";
import { root, run, tool } from "./commands.mjs";
import { nameOrFile, refuse, script, succeed, wholeNumber } from "./script.mjs";

const STEP = 10_000;
/** Most inputs are refused somewhere: half the time would go into stacks that nobody reads. */
const { stackTraceLimit } = Error;

/** @type {{ codec?: string, inputs: number, seed: number, first: number }} */
const { codec, inputs, seed, first } = script("fuzz", "Random and damaged inputs for every codec.")
  .option("--codec <name>", "only this one", nameOrFile)
  .option("--inputs <n>", "so many for each", wholeNumber(1), 1_000_000)
  .option("--seed <n>", "what is drawn depends on it", wholeNumber(0), 1)
  .option("--first <n>", "the number of the first input", wholeNumber(0), 0)
  .parse()
  .opts();

succeed(await build());
succeed(await run(tool("typescript", ["-p", "test/fuzz"], "tsc")));
const compiled = (/** @type {string} */ file) => pathToFileURL(path.join(root, "tmp", "fuzz", file)).href;
const { fuzz } = /** @type {typeof import("../test/fuzz/fuzz.ts")} */ (await import(compiled("fuzz.js")));
const { SUBJECTS } = /** @type {typeof import("../test/fuzz/subjects.ts")} */ (await import(compiled("subjects.js")));

const names = Object.keys(SUBJECTS);
if (codec !== undefined && !names.includes(codec)) refuse(`--codec must be one of ${names.join(", ")}`);
for (const name of codec === undefined ? names : [codec]) fuzzOne(name);

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
