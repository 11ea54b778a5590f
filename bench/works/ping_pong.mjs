// @ts-check
import { measureThroughput } from "./throughput.mjs";

/** @type {import("./work.mjs").Work} */
export const pingPong = {
  name: "ping-pong",
  title: "ping-pong, 64-byte lines on 50 connections: server CPU per line",
  unit: "µs",
  counted: "lines",
  targets: [{ candidate: "spillway", relativeTo: "raw", atMost: 1.4 }],
  measure: (bench) =>
    measureThroughput(bench, bench.quick ? ["spillway", "raw"] : ["spillway", "spillway-async", "raw", "per-line"], {
      connections: 50,
      depth: 1,
      lineBytes: 64,
    }),
};
