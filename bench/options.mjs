// @ts-check
import { Option } from "commander";
import { runtimeNames } from "../scripts/runtimes.mjs";
import { nameOrFile, script } from "../scripts/script.mjs";

/**
 * @typedef {object} Options
 * @property {boolean} quick
 * @property {import("../scripts/runtimes.mjs").RuntimeName[]} runtimes
 * @property {string[]} works
 * @property {string} [json]
 * @property {string} [chart]
 * @property {string} [profile]
 */

/** @typedef {Omit<Options, "quick" | "runtimes" | "works"> & { quick?: boolean, runtime?: string[], work?: string[] }} Given */

/**
 * @param {string[]} workNames
 * @param {string[]} quickNames those of a quick run
 * @returns {Options}
 */
export function readOptions(workNames, quickNames) {
  /** @type {Given} */
  const {
    quick = false,
    runtime,
    work,
    ...files
  } = script("bench", "What a line, a connection and a frame cost, in one run.")
    .option("--quick", `fewer and shorter rounds, and of works only ${quickNames.join(", ")}: under a minute`)
    .addOption(new Option("--runtime <name...>", "only these").choices(runtimeNames))
    .addOption(new Option("--work <name...>", "only these").choices(workNames))
    .option("--json <file>", "all samples, after each work: an interrupted run keeps what it has measured", nameOrFile)
    .option("--chart <file>", "targets and costs, as SVG", nameOrFile)
    .option(
      "--profile <dir>",
      "where processes under test write their CPU profiles; such a run's numbers mean nothing",
      nameOrFile,
    )
    .addHelpText("after", "\nThe servers in Go are built and measured where go is on the PATH.")
    .parse()
    .opts();
  const works = chosen(workNames, work ?? (quick ? quickNames : undefined));
  return { ...files, quick, runtimes: chosen(runtimeNames, runtime), works };
}

/**
 * In the order in which they are known.
 *
 * @template {string} Name
 * @param {readonly Name[]} known
 * @param {readonly string[] | undefined} asked
 */
function chosen(known, asked) {
  return known.filter((name) => asked === undefined || asked.includes(name));
}
