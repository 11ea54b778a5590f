// @ts-check
import { measureShapes, ratio, SIDE_BY_SIDE } from "./shapes.mjs";

/** @typedef {import("./shapes.mjs").NamedShape} NamedShape */

const ONE = onConnections(1);
/** @type {NamedShape} */
const FIFTY = { ...onConnections(50), quick: ["spillway", "spillway-async", "raw"] };
const THOUSAND = onConnections(1_000);

/** @type {import("./work.mjs").Work} */
export const pingPong = {
  name: "ping-pong",
  title: "ping-pong with 64-byte lines on 1, 50 and 1,000 connections: server CPU per line",
  unit: "µs",
  counted: "lines",
  targets: [
    ratio(FIFTY, "spillway", "raw", { atMost: { node: 1.25, deno: 1.3, bun: 1.3 } }),
    ratio(FIFTY, "spillway-async", "spillway", { atMost: 1.3 }),
  ],
  measure: (bench) => measureShapes(bench, [ONE, FIFTY, THOUSAND]),
};

/** @param {number} connections @returns {NamedShape} */
function onConnections(connections) {
  return {
    name: connections === 1 ? "1 connection" : `${connections.toLocaleString("en")} connections`,
    load: { connections, depth: 1, lineBytes: 64 },
    candidates: SIDE_BY_SIDE,
  };
}
