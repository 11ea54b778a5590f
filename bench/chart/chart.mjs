// @ts-check
// The chart: one SVG that needs nothing else.
import { runtimesOf } from "../by_work.mjs";
import { machineText } from "../machine.mjs";
import { splitName } from "../names.mjs";
import { titleOf } from "../runtime_titles.mjs";
import { comparisons, costsPart } from "./costs.mjs";
import { space, stack, textLine, WIDTH } from "./layout.mjs";
import { legend } from "./legend.mjs";
import { STYLE } from "./style.mjs";
import { element, escape } from "./svg.mjs";
import { targetsPart } from "./targets.mjs";

/** @typedef {import("../results.mjs").Results} Results */

const TITLE = "Spillway, measured side by side";

/** @param {Results} all @returns {string} */
export function drawChart(all) {
  const { results, versions } = all;
  const titles = runtimesOf(results).map((runtime) => titleOf(runtime, versions));
  const { height, draw } = stack([
    space(14),
    textLine(TITLE, "title", 32),
    textLine(whereAndWhen(all), "muted", 20),
    legend(),
    targetsPart(results, titles),
    costsPart(all, titles),
    candidates(all),
    space(14),
  ]);
  const size = { width: WIDTH, height, viewBox: `0 0 ${WIDTH} ${height}` };
  const described = `<title>${escape(TITLE)}</title><desc>${escape(whereAndWhen(all))}</desc>`;
  const back = element("rect", { class: "back", width: WIDTH, height, rx: 8 });
  const inside = `\n${described}\n<style>${STYLE}</style>\n${back}\n${draw}\n`;
  return `${element("svg", { xmlns: "http://www.w3.org/2000/svg", role: "img", ...size }, inside)}\n`;
}

/** @param {Results} all */
function whereAndWhen({ date, machine, quick, complete }) {
  const kind = `${quick ? ", quick run" : ""}${complete ? "" : ", not complete"}`;
  return `${date.slice(0, 10)}${kind}, on ${machineText(machine)}`;
}

/** What the names mean. @param {Results} all */
function candidates(all) {
  const compared = comparisons(all).flatMap(({ groups }) => groups.flatMap(({ rows }) => rows));
  const names = new Set(compared.map(({ label }) => splitName(label).candidate));
  const lines = [...names].map((name) => textLine(`${name}: ${all.candidates[name]?.replaceAll("`", "")}`, "axis", 17));
  return stack([space(8), ...lines]);
}
