// @ts-check
import { checkDescriptors } from "../descriptors.mjs";
import { extentOf } from "../extent.mjs";
import { Server } from "../server.mjs";

/** @typedef {import("./workload.mjs").Bench} Bench */
/** @typedef {import("../subjects.mjs").Subject} Subject */

const FULL = { rounds: 3, connections: 10_000 };
const QUICK = { rounds: 1, connections: 3_000 };

/**
 * Connects that may be under way, by the runtime's longest backlog. The kernel retries a connect that finds the backlog full
 * after a second, and resets some: that would measure timers of Linux.
 */
const AT_ONCE = { node: 4_000, deno: 4_000, bun: 500 };

/** Connections of a first burst, which compiles the code and does not count. */
const WARM_UP_CONNECTIONS = 1_000;

/** @type {import("./workload.mjs").Workload} */
export const burst = {
  name: "burst",
  title:
    "10,000 connects (quick: 3,000), as many at once as the backlog takes, until each has got one line back: server CPU per connection",
  unit: "µs",
  counted: "connections",
  rows: [{ name: "10,000 connects", subjects: ["spillway", "raw"], reference: "raw", targets: { spillway: 1.4 } }],
  async measure(bench, rows) {
    const { rounds, connections } = extentOf(bench, FULL, QUICK);
    await checkDescriptors(WARM_UP_CONNECTIONS + connections);
    const samples = [];
    for (const { name: row, subjects } of rows) {
      for (let round = 0; round < rounds; round++) {
        for (const subject of /** @type {Subject[]} */ (subjects)) {
          bench.progress(`round ${round + 1} of ${rounds}: ${subject}`);
          samples.push({ row, subject, round, ...(await measure(bench, subject, connections)) });
        }
      }
    }
    return samples;
  },
};

/** @param {Bench} bench @param {Subject} subject @param {number} connections */
async function measure(bench, subject, connections) {
  const { runtime, generator } = bench;
  const server = await Server.start(bench, subject);
  /** @type {number[]} */
  const bursts = [];
  const visits = { connections, atOnce: AT_ONCE[runtime.name], lineBytes: 64 };
  try {
    bursts.push((await generator.burst(server.port, { ...visits, connections: WARM_UP_CONNECTIONS })).id);
    return await server.costOf(async () => {
      const { id, ...took } = await generator.burst(server.port, visits);
      bursts.push(id);
      return { count: connections, ...took };
    });
  } finally {
    for (const id of bursts) await generator.close(id);
    await server.end();
  }
}
