// @ts-check
import { ROW, whisker } from "./plot.mjs";
import { element, line, text } from "./svg.mjs";

/** @typedef {{ width: number, sign: string, says: string }} Entry */

const LEFT = 28;
const SIGN = 26;

/** @type {Entry[]} */
const ENTRIES = [
  { width: 150, sign: swatch("ours"), says: "Spillway, a target met" },
  { width: 160, sign: swatch("missed"), says: "a target missed (✕)" },
  { width: 180, sign: swatch("theirs"), says: "what it is compared with" },
  { width: 100, sign: line(10, 3, 10, ROW - 3, "target"), says: "target" },
  { width: 150, sign: whisker(1, 19), says: "lowest to highest round" },
];

/** @returns {import("./layout.mjs").Block} */
export function legend() {
  let left = LEFT;
  const drawn = ENTRIES.map(({ width, sign, says }) => {
    const entry = element("g", { transform: `translate(${left} 6)` }, sign + text(SIGN, ROW / 2 + 4, says));
    left += width + SIGN;
    return entry;
  });
  return { height: ROW + 12, draw: drawn.join("") };
}

/** @param {string} className */
function swatch(className) {
  return element("rect", { class: className, x: 0, y: ROW / 2 - 5, width: 20, height: 10 });
}
