// @ts-check
// Where things are: blocks from top to bottom; in each a column of labels, and one for every runtime.
import { element, escape, line, text } from "./svg.mjs";

/** @typedef {{ height: number, draw: string }} Block drawn from its own top */
/** @typedef {{ left: number, plot: number, right: number }} Column a plot begins at `left`; its numbers end at `right` */

export const WIDTH = 1_080;
const MARGIN = 28;
const LABELS = 300;
const GAP = 24;
/** For the number beside a plot. */
const NUMBERS = 116;
const WIDEST = 400;
/** About how wide a character of a label is. */
const CHARACTER = 6.4;

/** @param {number} count @returns {Column[]} */
export function columns(count) {
  const room = WIDTH - 2 * MARGIN - LABELS;
  const width = Math.min(WIDEST, (room - GAP * (count - 1)) / count);
  return Array.from({ length: count }, (_, index) => {
    const left = MARGIN + LABELS + index * (width + GAP);
    return { left, plot: width - NUMBERS, right: left + width };
  });
}

/** @param {Block[]} blocks @returns {Block} */
export function stack(blocks) {
  let height = 0;
  const drawn = blocks.map((block) => {
    const moved = element("g", { transform: `translate(0 ${height})` }, block.draw);
    height += block.height;
    return moved;
  });
  return { height, draw: drawn.join("\n") };
}

/** @param {number} height @returns {Block} */
export function space(height) {
  return { height, draw: "" };
}

/** @param {string} content @param {string} className @param {number} height @returns {Block} */
export function textLine(content, className, height) {
  return { height, draw: text(MARGIN, height - 7, content, { class: className }) };
}

/** A part of the chart begins. @param {string} title @param {string} subtitle @returns {Block} */
export function part(title, subtitle) {
  return stack([
    { height: 20, draw: line(MARGIN, 8, WIDTH - MARGIN, 8, "grid") },
    textLine(title, "part", 26),
    textLine(subtitle, "muted", 20),
  ]);
}

/** What stands above the columns. @param {string[]} titles @returns {Block} */
export function columnTitles(titles) {
  const placed = columns(titles.length).map(({ left }, index) =>
    text(left, 19, titles[index] ?? "", { class: "column" }),
  );
  return { height: 26, draw: placed.join("") };
}

/** What a row is about; the whole of it is in its tooltip. @param {string} content @param {number} middle */
export function label(content, middle) {
  const most = Math.floor((LABELS - 12) / CHARACTER);
  const shown = content.length > most ? `${content.slice(0, most - 1)}…` : content;
  const place = { class: "label", x: MARGIN, y: middle + 4 };
  return element("text", place, `${escape(shown)}<title>${escape(content)}</title>`);
}
