// @ts-check
import { measureThroughput } from "./throughput.mjs";

/** @type {import("./work.mjs").Work} */
export const pingPong = {
  name: "ping-pong",
  title: "ping-pong, 64-byte lines on 50 connections: server CPU per line",
  unit: "µs",
  counted: "lines",
  targets: [
    { candidate: "spillway", relativeTo: "raw", atMost: 1.4 },
    { candidate: "spillway-async", relativeTo: "spillway", atMost: 1.3 },
  ],
  measure: (bench) =>
    measureThroughput(
      bench,
      bench.quick ? ["spillway", "spillway-async", "raw"] : ["spillway", "spillway-async", "raw", "per-line"],
      { connections: 50, depth: 1, lineBytes: 64 },
    ),
};
