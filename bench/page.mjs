// @ts-check
// docs/benchmarks.md: a run's tables with the runtimes side by side.
import { caveats } from "./caveats.mjs";
import { digits, range } from "./figures.mjs";
import { machineText } from "./machine.mjs";
import { table } from "./markdown.mjs";

/** @typedef {import("../scripts/runtimes.mjs").RuntimeName} RuntimeName */
/** @typedef {import("./results.mjs").Result} Result */
/** @typedef {import("./results.mjs").Results} Results */
/** @typedef {import("./summary.mjs").Line} Line */
/** @typedef {{ row: string, subject: string, on: Partial<Record<RuntimeName, Line>> }} SideBySide */

const TITLES = { node: "Node", deno: "Deno", bun: "Bun", go: "Go" };

const METHOD = `This page is written by the bench: \`npm run bench:docs\` measures everything again, and \`node bench/run.mjs --help\` says how to
measure a part. [performance.md](performance.md) says where the costs come from.

Each subject is a process of its own. One load generator, another process on the same machine, drives all of them over the
loopback interface, and compares every byte that comes back. The subjects of a row are measured in the same rounds, one after the
other, and every other round goes backwards. A cost is the CPU time of the server's process, system calls included, divided by
what was done in that time; where a table says so, it is an elapsed time or memory instead. A ratio (×) is taken within a round. All
figures are medians of the rounds, with the lowest and the highest in brackets. A target is met when the median of the ratio is
at most the target; a row without a reference has its target on the value itself.

Everything runs on one machine: no network card, no loss, no distance. The handlers do nothing: beside real work, all differences
shrink. Servers run for seconds, not days.`;

/**
 * @param {Results} results
 * @param {string} [chart] path of the chart, from the page
 */
export function pageOf(results, chart) {
  const { date, complete, quick, machine, versions, subjects, results: all } = results;
  const runtimes = [...new Set(all.map(({ runtime }) => runtime))];
  const titles = Object.entries(versions).map(([name, version]) => `${TITLES[/** @type {"go"} */ (name)]} ${version}`);
  const workloads = [...new Set(all.map((result) => result.workload))];
  const sections = workloads.map((name) => all.filter((result) => result.workload === name));
  const partial = `${quick ? " This was a quick run." : ""}${complete ? "" : " This run did not come to its end."}`;
  return [
    "# Benchmarks",
    METHOD,
    `Measured on ${date.slice(0, 10)} with ${titles.join(", ")} on ${machineText(machine)}.${partial}`,
    "## Targets",
    ...(chart === undefined ? [] : [`![How much of its target each subject takes](${chart})`]),
    targetsTable(sections, runtimes),
    "## Subjects",
    table([["subject", "what it is"], ...subjectsIn(all).map((name) => [`\`${name}\``, subjects[name] ?? ""])], 2),
    ...sections.flatMap((section) => workloadSection(section, runtimes)),
  ]
    .join("\n\n")
    .concat("\n");
}

/** @param {readonly Result[]} results */
function subjectsIn(results) {
  return [...new Set(results.flatMap(({ lines }) => lines.map(({ subject }) => subject)))];
}

/** @param {Result[][]} sections @param {RuntimeName[]} runtimes */
function targetsTable(sections, runtimes) {
  const rows = sections.flatMap((section) =>
    sideBySide(section)
      .filter(({ on }) => Object.values(on).some(({ atMost }) => atMost !== undefined))
      .map(({ row, subject, on }) => {
        const reference = Object.values(on).find((line) => line.reference !== undefined)?.reference;
        const unit = section[0]?.unit ?? "";
        const what = reference === undefined ? `${subject}, ${unit}` : `${subject} / ${reference}`;
        return [section[0]?.workload ?? "", row, what, ...runtimes.map((runtime) => targetCell(on[runtime]))];
      }),
  );
  return table([["workload", "row", "", ...runtimes.map((name) => TITLES[name])], ...rows], 3);
}

/** @param {Line | undefined} line */
function targetCell(line) {
  if (line?.atMost === undefined) return "";
  const { value, ratio = value, atMost, met } = line;
  return `${digits(ratio.median)} (≤ ${atMost.toLocaleString("en")}) ${met ? "met" : "**missed**"}`;
}

/** @param {Result[]} section one workload on each runtime @param {RuntimeName[]} runtimes */
function workloadSection(section, runtimes) {
  const { workload: name, title, unit } = /** @type {Result} */ (section[0]);
  const header = runtimes.flatMap((runtime) => [`${TITLES[runtime]}, ${unit}`, "×"]);
  const rows = sideBySide(section).map(({ row, subject, on }) => [
    row,
    subject,
    ...runtimes.flatMap((runtime) => costCells(on[runtime])),
  ]);
  const found = section.flatMap(({ runtime, lines }) =>
    caveats(lines).map((caveat) => `${TITLES[runtime]}: ${caveat}`),
  );
  return [
    `## \`${name}\``,
    `${title[0]?.toUpperCase()}${title.slice(1)}.`,
    table([["", "", ...header], ...rows], 2),
    ...found,
  ];
}

/** @param {Line | undefined} line */
function costCells(line) {
  if (line === undefined) return ["", ""];
  const { value, ratio, reference } = line;
  return [
    `${digits(value.median)} (${range(value)})`,
    ratio === undefined ? "" : `${digits(ratio.median)} ${reference}`,
  ];
}

/** @param {Result[]} section @returns {SideBySide[]} */
function sideBySide(section) {
  /** @type {Map<string, SideBySide>} */
  const all = new Map();
  for (const { runtime, lines } of section) {
    for (const line of lines) {
      const key = `${line.row}: ${line.subject}`;
      const one = all.get(key) ?? { row: line.row, subject: line.subject, on: {} };
      one.on[runtime] = line;
      all.set(key, one);
    }
  }
  return [...all.values()];
}
