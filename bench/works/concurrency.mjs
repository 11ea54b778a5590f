// @ts-check
import { measureThroughput } from "./throughput.mjs";

/** @type {import("./work.mjs").Work} */
export const concurrency = {
  name: "concurrency",
  title: "handlers of 10 ms, 64 lines in flight on each of 4 connections: lines per second",
  unit: "lines/s",
  targets: [{ candidate: "16-at-once", relativeTo: "one-at-once", atLeast: 12 }],
  async measure(bench) {
    const shape = { connections: 4, depth: 64, lineBytes: 64 };
    const samples = await measureThroughput(bench, ["one-at-once", "16-at-once"], shape);
    // The server waits most of the time: what CPU it takes says nothing here.
    return samples.map(({ candidate, round, perSecond = Number.NaN }) => ({ candidate, round, value: perSecond }));
  },
};
