// @ts-check
import { checkDescriptors } from "../descriptors.mjs";
import { IdleConnections } from "../idle_connections.mjs";
import { Server } from "../servers.mjs";

/** @typedef {import("./work.mjs").Bench} Bench */
/** @typedef {import("../servers.mjs").Candidate} Candidate */

/** @typedef {{ rounds: number, warmUp: number, connections: number, candidates: Candidate[] }} Extent */

/**
 * `warmUp` are opened before anything is counted: code is compiled, pools are filled and the young generation of the heap has
 * its size by then, which belong to the process and not to a connection.
 *
 * @type {Extent}
 */
const FULL = { rounds: 2, warmUp: 2_000, connections: 10_000, candidates: ["spillway", "raw"] };
/** @type {Extent} */
const QUICK = { rounds: 1, warmUp: 1_000, connections: 2_000, candidates: ["spillway"] };

/** Connections between two collections, so that garbage of their opening does not pass for memory that they hold. */
const STEP = 250;

/** @type {import("./work.mjs").Work} */
export const idle = {
  name: "idle",
  title: "idle connections, each of which has exchanged one line: RSS per connection",
  unit: "KB",
  targets: [{ candidate: "spillway", atMost: { node: 6, deno: 6, bun: 4 } }],
  async measure(bench) {
    const extent = bench.quick ? QUICK : FULL;
    const { rounds, warmUp, connections, candidates } = extent;
    await checkDescriptors(warmUp + connections);
    const samples = [];
    for (let round = 0; round < rounds; round++) {
      for (const candidate of candidates) {
        bench.progress(`round ${round + 1} of ${rounds}: ${candidate}`);
        samples.push({ candidate, round, value: await growth(bench, candidate, extent) });
      }
    }
    return samples;
  },
};

/**
 * KB by which a fresh server grows with each connection.
 *
 * @param {Bench} bench
 * @param {Candidate} candidate
 * @param {Extent} extent
 */
async function growth({ runtime, generator, profileDir }, candidate, { warmUp, connections: count }) {
  const server = await Server.start(runtime, candidate, profileDir);
  const connections = new IdleConnections(generator, server);
  const open = async (/** @type {number} */ all) => {
    for (let opened = 0; opened < all; opened += STEP) {
      await connections.open(Math.min(STEP, all - opened));
      await server.rssBytes();
    }
  };
  try {
    await open(warmUp);
    const before = await connections.settle();
    await open(count);
    const after = await connections.settle();
    return (after - before) / 1024 / count;
  } finally {
    await connections.close();
    await server.end();
  }
}
