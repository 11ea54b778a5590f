// @ts-check
import { checkDescriptors } from "../descriptors.mjs";
import { extentOf } from "../extent.mjs";
import { IdleConnections } from "../idle_connections.mjs";
import { Server } from "../server.mjs";

/** @typedef {import("./workload.mjs").Bench} Bench */
/** @typedef {import("../subjects.mjs").Subject} Subject */

/**
 * `warmUp` are opened before anything is counted: code is compiled, pools are filled and the young generation of the heap has
 * its size by then, which belong to the process and not to a connection.
 */
const FULL = { rounds: 2, warmUp: 2_000, connections: 10_000 };
const QUICK = { rounds: 1, warmUp: 1_000, connections: 2_000 };

/** Connections between two collections, so that garbage of their opening does not pass for memory that they hold. */
const STEP = 250;

/** @type {import("./workload.mjs").Workload} */
export const idle = {
  name: "idle",
  title: "idle connections, each of which has exchanged one line: RSS per connection",
  unit: "KB",
  rows: [{ name: "RSS", subjects: ["spillway", "raw"], targets: { spillway: { node: 6, deno: 6, bun: 4 } } }],
  async measure(bench, rows) {
    const { rounds, warmUp, connections } = extentOf(bench, FULL, QUICK);
    await checkDescriptors(warmUp + connections);
    const samples = [];
    for (const { name: row, subjects } of rows) {
      for (let round = 0; round < rounds; round++) {
        for (const subject of /** @type {Subject[]} */ (subjects)) {
          bench.progress(`round ${round + 1} of ${rounds}: ${subject}`);
          samples.push({ row, subject, round, value: await growth(bench, subject) });
        }
      }
    }
    return samples;
  },
};

/** KB by which a fresh server grows with each connection. @param {Bench} bench @param {Subject} subject */
async function growth(bench, subject) {
  const { warmUp, connections: count } = extentOf(bench, FULL, QUICK);
  const server = await Server.start(bench, subject);
  const connections = new IdleConnections(bench.generator, server);
  const open = async (/** @type {number} */ all) => {
    for (let opened = 0; opened < all; opened += STEP) {
      await connections.open(Math.min(STEP, all - opened));
      await server.collectedMemory();
    }
    await connections.settle();
    return server.collectedMemory();
  };
  try {
    const before = await open(warmUp);
    const after = await open(count);
    return (after.rssBytes - before.rssBytes) / 1024 / count;
  } finally {
    await connections.close();
    await server.end();
  }
}
