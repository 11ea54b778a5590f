// @ts-check

import { element, setText } from "./element.js";
import { clock } from "./format.js";

/** Without the package of the charts, for example where this one was loaded from the network, there are only the figures. */
const uPlot = await import("./uplot.js").then(
  ({ default: loaded }) => loaded,
  () => undefined,
);

/** @typedef {import("./uplot.js").default} Plot */
/** @typedef {{ name: string, label: string, color: "one" | "two" }} Series */

/**
 * A card with the present values of one or two series, and their last five minutes. While the pointer is over a chart, all
 * cards show the values of that moment.
 */
export class Chart {
  #history;
  #format;
  #increments;
  /** @type {readonly Series[]} */
  #series;
  /** @type {HTMLElement[]} */
  #figures = [];
  #note;
  #noteText;
  #box;
  /** @type {Plot | undefined} */
  #plot;
  /** @type {number | null | undefined} */
  #hovered;

  /**
   * @param {import("./history.js").History} history
   * @param {{ id: string, title: string, note?: string, series: readonly Series[], format: (value: number) => string, increments?: readonly number[] }} options
   */
  constructor(history, { id, title, note = "", series, format, increments }) {
    this.#history = history;
    this.#format = format;
    this.#increments = increments;
    this.#series = series;
    this.#noteText = note;
    this.#note = element("span", {}, note);
    this.#box = element("div", { class: "chart", role: "img", "aria-label": `${title}, the last five minutes` });
    const figures = series.map(({ label, color, name }) => {
      const value = element("strong", { "data-figure": name }, "–");
      this.#figures.push(value);
      const mark = series.length > 1 ? [element("i", { "data-color": color, "aria-hidden": "true" })] : [];
      return element("p", { class: "figure" }, ...mark, value, element("span", {}, label));
    });
    this.#box.hidden = uPlot === undefined;
    this.card = element(
      "article",
      { class: "card", id },
      element("header", {}, element("h2", {}, title), this.#note),
      element("div", { class: "figures" }, ...figures),
      this.#box,
    );
    new ResizeObserver(() => this.#resize()).observe(this.#box);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#make());
  }

  /** Shows what the history has. */
  update() {
    this.#showFigures();
    if (this.#plot === undefined) this.#make();
    else this.#plot.setData(this.#data());
  }

  /** @returns {import("./uplot.js").default.AlignedData} */
  #data() {
    return [this.#history.times, ...this.#series.map(({ name }) => this.#history.column(name))];
  }

  #showFigures() {
    const at = this.#hovered ?? this.#history.times.length - 1;
    for (const [index, { name }] of this.#series.entries()) {
      const value = this.#history.column(name)[at];
      const figure = this.#figures[index];
      if (figure !== undefined) setText(figure, value === null || value === undefined ? "–" : this.#format(value));
    }
    const time = this.#hovered === undefined || this.#hovered === null ? undefined : this.#history.times[this.#hovered];
    setText(this.#note, time === undefined ? this.#noteText : clock(new Date(time * 1_000)));
  }

  #make() {
    const { clientWidth: width, clientHeight: height } = this.#box;
    if (uPlot === undefined || width === 0) return;
    this.#plot?.destroy();
    const style = getComputedStyle(document.documentElement);
    const color = (/** @type {string} */ name) => style.getPropertyValue(`--${name}`).trim();
    const font = `11px ${style.fontFamily || "system-ui"}`;
    const axis = { stroke: color("muted"), font, ticks: { show: false }, border: { show: false } };
    this.#plot = new uPlot(
      {
        width,
        height,
        padding: [6, 18, 0, 0],
        legend: { show: false },
        cursor: {
          y: false,
          drag: { setScale: false, x: false, y: false },
          sync: { key: "spillway" },
          points: { size: 7 },
        },
        scales: {
          x: { time: true, range: () => this.#history.range },
          y: { range: (_plot, _least, most) => [0, most > 0 ? most * 1.15 : 1] },
        },
        axes: [
          {
            ...axis,
            size: 20,
            gap: 2,
            space: 70,
            grid: { show: false },
            // A label at an end would touch those of the other axis, or be cut.
            values: (plot, splits, _axis, _space, increment) => {
              const { min = 0, max = 0 } = plot.scales["x"] ?? {};
              const margin = (max - min) / 14;
              return splits.map((at) =>
                at < min + margin || at > max - margin / 2
                  ? ""
                  : clock(new Date(at * 1_000)).slice(0, increment < 60 ? 8 : 5),
              );
            },
            incrs: [10, 15, 30, 60, 120, 300],
          },
          {
            ...axis,
            size: 52,
            gap: 4,
            space: 30,
            grid: { stroke: color("line"), width: 1 },
            ...(this.#increments !== undefined && { incrs: [...this.#increments] }),
            values: (_plot, splits) => splits.map((value) => this.#format(value)),
          },
        ],
        series: [
          {},
          ...this.#series.map(({ color: name }) => ({
            stroke: color(name),
            width: 1.75,
            fill: `${color(name)}1c`,
            points: { show: false },
            spanGaps: false,
          })),
        ],
        hooks: {
          setCursor: [
            (plot) => {
              this.#hovered = plot.cursor.idx;
              this.#showFigures();
            },
          ],
        },
      },
      this.#data(),
      this.#box,
    );
  }

  #resize() {
    const { clientWidth: width, clientHeight: height } = this.#box;
    if (this.#plot === undefined) {
      if (this.#history.times.length > 0) this.#make();
    } else if (width > 0) this.#plot.setSize({ width, height });
  }
}
