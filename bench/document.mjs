// @ts-check
// Writes docs/benchmarks.md, and the chart in it, from what a run has measured.
//
//   node bench/document.mjs FILE [DIRECTORY]     FILE: from npm run bench -- --json FILE; DIRECTORY: docs, if none is given
import { writeFileSync } from "node:fs";
import path from "node:path";
import { root } from "../scripts/commands.mjs";
import { drawChart } from "./chart/chart.mjs";
import { page } from "./document/page.mjs";
import { readResults } from "./results.mjs";

const CHART = "benchmarks.svg";

const [file, directory = path.join(root, "docs")] = process.argv.slice(2);
if (file === undefined) {
  console.error("node bench/document.mjs FILE [DIRECTORY]");
  process.exitCode = 2;
} else write(file, directory);

/** @param {string} from @param {string} to */
function write(from, to) {
  const results = readResults(from);
  if (results.results.length === 0) throw new Error(`${from} holds no results: no work has ended`);
  writeFileSync(path.join(to, "benchmarks.md"), page(results, { file: path.basename(from), chart: CHART }));
  writeFileSync(path.join(to, CHART), drawChart(results));
}
