// @ts-check
// One chart of a run: how much of its target each measured subject takes.
import { digits } from "./figures.mjs";
import { shareOfTarget } from "./summary.mjs";

/** @typedef {import("./results.mjs").Result} Result */
/** @typedef {{ label: string, runtime: string, share: number }} Point */

/** The part of ECharts that the chart uses. @typedef {{ init(element: null, theme: null, options: object): { setOption(option: object): void, renderToSVGString(): string, dispose(): void } }} ECharts */

/** With more rows than this in one workload, the worst one stands for all. */
const MANY_ROWS = 12;
const WIDTH = 1_100;
const LINE_HEIGHT = 22;
const AROUND = 90;
/** Room for the longest label: without a browser, the library can only guess how wide text is. */
const LABEL_WIDTH = 440;
const SYMBOLS = { node: "circle", deno: "triangle", bun: "diamond" };

/** @param {readonly Result[]} results @returns {Promise<string>} SVG */
export async function chartOf(results) {
  const points = results.flatMap(pointsOf);
  const labels = [...new Set(points.map(({ label }) => label))].toReversed();
  const height = labels.length * LINE_HEIGHT + AROUND;
  // Imported by name: only a chart needs the library.
  const library = "echarts";
  const echarts = /** @type {ECharts} */ (await import(library));
  const chart = echarts.init(null, null, { renderer: "svg", ssr: true, width: WIDTH, height });
  chart.setOption({
    animation: false,
    backgroundColor: "#ffffff",
    color: ["#0072b2", "#d55e00", "#009e73"],
    title: {
      text: "Median cost as a share of its target (1: the target; left of it: met)",
      textStyle: { fontSize: 15 },
    },
    legend: { top: 30, selectedMode: false },
    grid: { left: LABEL_WIDTH, right: 30, top: 80, bottom: 10 },
    xAxis: { type: "log", position: "top", min: 0.1, axisLabel: { formatter: digits } },
    yAxis: { type: "category", data: labels, splitLine: { show: true }, axisTick: { show: false } },
    series: Object.entries(SYMBOLS)
      .filter(([runtime]) => results.some((result) => result.runtime === runtime))
      .map(([runtime, symbol]) => ({
        name: runtime,
        type: "scatter",
        symbol,
        symbolSize: 11,
        data: points
          .filter((point) => point.runtime === runtime)
          .map(({ share, label }) => [Math.max(share, 0.1), label]),
        markLine: {
          silent: true,
          symbol: "none",
          label: { show: false },
          lineStyle: { color: "#333333", type: "solid" },
          data: [{ xAxis: 1 }],
        },
      })),
  });
  const svg = chart.renderToSVGString();
  // Undisposed, the chart would keep the process alive.
  chart.dispose();
  // Its style sheet is about pointers that hover; a picture in a page has none.
  return `${svg.replace(/<style.*?<\/style>\n?/s, "")}\n`;
}

/** @param {Result} result @returns {Point[]} */
function pointsOf({ workload, runtime, lines }) {
  const points = lines
    .filter(({ atMost }) => atMost !== undefined)
    .map((line) => ({ label: `${workload}: ${line.row}, ${line.subject}`, runtime, share: shareOfTarget(line) }));
  if (points.length <= MANY_ROWS) return points;
  const worst = Math.max(...points.map(({ share }) => share));
  return [{ label: `${workload}: the worst of ${points.length}`, runtime, share: worst }];
}
