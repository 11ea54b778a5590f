// @ts-check
import { measureShapes, ratio, SIDE_BY_SIDE } from "./shapes.mjs";

/** @typedef {import("./shapes.mjs").NamedShape} NamedShape */

const FEW = inFlight(16);
/** @type {NamedShape} */
const MANY = { ...inFlight(256), quick: ["spillway", "spillway-async", "per-line", "go-flush-empty"] };

/** @type {import("./work.mjs").Work} */
export const pipelined = {
  name: "pipelined",
  title: "16 and 256 lines of 64 bytes in flight on each of 4 connections: server CPU per line",
  unit: "µs",
  counted: "lines",
  targets: [
    ratio(MANY, "spillway", "go-flush-empty", { atMost: 0.7 }),
    ratio(MANY, "per-line", "spillway", { atLeast: 30 }),
    ratio(FEW, "spillway-async", "spillway", { atMost: 1.3 }),
    ratio(MANY, "spillway-async", "spillway", { atMost: 1.3 }),
  ],
  measure: (bench) => measureShapes(bench, [FEW, MANY]),
};

/** @param {number} depth @returns {NamedShape} */
function inFlight(depth) {
  return { name: `${depth} in flight`, load: { connections: 4, depth, lineBytes: 64 }, candidates: SIDE_BY_SIDE };
}
