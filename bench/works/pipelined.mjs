// @ts-check
import { measureThroughput } from "./throughput.mjs";

/** @type {import("./work.mjs").Work} */
export const pipelined = {
  name: "pipelined",
  title: "256 lines of 64 bytes in flight on each of 4 connections: server CPU per line",
  unit: "µs",
  counted: "lines",
  targets: [
    { candidate: "per-line", relativeTo: "spillway", atLeast: 15 },
    { candidate: "spillway-async", relativeTo: "spillway", atMost: 1.3 },
  ],
  measure: (bench) =>
    measureThroughput(
      bench,
      bench.quick ? ["spillway", "spillway-async", "per-line"] : ["spillway", "spillway-async", "raw", "per-line"],
      { connections: 4, depth: 256, lineBytes: 64 },
    ),
};
