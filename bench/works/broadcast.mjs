// @ts-check
import { measureThroughput } from "./throughput.mjs";

/** @type {import("./work.mjs").Work} */
export const broadcast = {
  name: "broadcast",
  title: "a 64-byte line from one of 1,000 connections to all of them: server CPU per delivered line",
  unit: "µs",
  counted: "lines",
  targets: [{ candidate: "spillway-broadcast", relativeTo: "write-loop", atMost: 1.3 }],
  measure: (bench) =>
    measureThroughput(bench, ["spillway-broadcast", "write-loop"], {
      connections: 1_000,
      depth: 1,
      lineBytes: 64,
      broadcast: true,
    }),
};
