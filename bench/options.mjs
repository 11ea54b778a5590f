// @ts-check
import { Option } from "commander";
import { runtimeNames } from "../scripts/runtimes.mjs";
import { nameOrFile, script, wholeNumber } from "../scripts/script.mjs";

/**
 * @typedef {object} Options
 * @property {boolean} [quick]
 * @property {import("../scripts/runtimes.mjs").RuntimeName[]} [runtime]
 * @property {string[]} [workload]
 * @property {string[]} [row]
 * @property {string[]} [subject]
 * @property {number} [rounds]
 * @property {string} [baseline]
 * @property {string} [from]
 * @property {string} [json]
 * @property {string} [markdown]
 * @property {string} [chart]
 * @property {string} [profile]
 */

/**
 * @param {string[]} workloads
 * @param {string[]} quickWorkloads those of a quick run
 * @param {string[]} subjects
 * @returns {Options}
 */
export function readOptions(workloads, quickWorkloads, subjects) {
  return script("bench", "Measures the cost of a line, a connection and a frame, side by side, in one run.")
    .option(
      "--quick",
      `fewer and shorter rounds of what has a target, and only ${quickWorkloads.join(", ")}: about a minute`,
    )
    .addOption(new Option("--runtime <name...>", "only these").choices(runtimeNames))
    .addOption(new Option("--workload <name...>", "only these").choices(workloads))
    .option("--row <text...>", "only rows whose name contains one of these", nameOrFiles)
    .addOption(new Option("--subject <name...>", "only these, and what they are compared with").choices(subjects))
    .option("--rounds <count>", "instead of each workload's own number", wholeNumber(1))
    .option("--baseline <checkout>", "measure Spillway of another checkout too, which was built", nameOrFile)
    .option("--from <file>", "measure nothing: read what --json wrote", nameOrFile)
    .option("--json <file>", "all samples, after each workload: an interrupted run keeps them", nameOrFile)
    .option("--markdown <file>", "the page with all tables; docs/benchmarks.md is one", nameOrFile)
    .option("--chart <file>", "how much of its target each subject takes, as SVG", nameOrFile)
    .option(
      "--profile <dir>",
      "where processes under test write their CPU profiles; such a run's numbers mean nothing",
      nameOrFile,
    )
    .addHelpText("after", "\nThe servers in Go are built and measured where go is on the PATH.")
    .parse()
    .opts();
}

/** @param {string} text @param {string[]} [before] */
function nameOrFiles(text, before = []) {
  return [...before, nameOrFile(text)];
}
