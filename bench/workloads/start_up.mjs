// @ts-check
import { extentOf } from "../extent.mjs";
import { firstLineMs } from "../first_line.mjs";
import { commandOf } from "../subjects.mjs";

/** @typedef {import("../subjects.mjs").Subject} Subject */

const FULL = { rounds: 15 };
const QUICK = { rounds: 3 };

/** @type {import("./workload.mjs").Workload} */
export const startUp = {
  name: "start-up",
  title: "from the start of the process until it says that it listens",
  unit: "ms",
  rows: [{ name: "start", subjects: ["cli", "spillway", "raw"], reference: "raw" }],
  async measure(bench, rows) {
    const { rounds } = extentOf(bench, FULL, QUICK);
    const samples = [];
    for (const { name: row, subjects } of rows) {
      // Round −1 brings the files into memory, and does not count.
      for (let round = -1; round < rounds; round++) {
        bench.progress(`round ${round + 1} of ${rounds}`);
        for (const subject of /** @type {Subject[]} */ (subjects)) {
          const command = await commandOf(bench, subject);
          if (command === undefined) continue;
          const value = await firstLineMs(subject, command);
          if (round >= 0) samples.push({ row, subject, round, value });
        }
      }
    }
    return samples;
  },
};
