// @ts-check
import { checkDescriptors } from "../descriptors.mjs";
import { IdleConnections } from "../idle_connections.mjs";
import { Server } from "../servers.mjs";

/** @typedef {import("./work.mjs").Bench} Bench */
/** @typedef {import("../servers.mjs").Candidate} Candidate */

const FULL = { rounds: 3, connections: 10_000 };
const QUICK = { rounds: 1, connections: 3_000 };

/** Opened before anything is counted: code is compiled and pools are filled by then. */
const WARM_UP_CONNECTIONS = 500;
/** Connections between two collections, so that garbage of their opening does not pass for memory that they hold. */
const STEP = 250;

/** @type {import("./work.mjs").Work} */
export const idle = {
  name: "idle",
  title: "idle connections, each of which has exchanged one line: RSS per connection",
  unit: "KB",
  targets: [{ candidate: "spillway", atMost: { node: 6, deno: 6, bun: 4 } }],
  async measure(bench) {
    const { rounds, connections } = bench.quick ? QUICK : FULL;
    await checkDescriptors(WARM_UP_CONNECTIONS + connections);
    const samples = [];
    for (let round = 0; round < rounds; round++) {
      for (const candidate of /** @type {Candidate[]} */ (["spillway", "raw"])) {
        bench.progress(`round ${round + 1} of ${rounds}: ${candidate}`);
        samples.push({ candidate, round, value: await growth(bench, candidate, connections) });
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
 * @param {number} count
 */
async function growth({ runtime, generator, profileDir }, candidate, count) {
  const server = await Server.start(runtime, candidate, profileDir);
  const connections = new IdleConnections(generator, server);
  const open = async (/** @type {number} */ all) => {
    for (let opened = 0; opened < all; opened += STEP) {
      await connections.open(Math.min(STEP, all - opened));
      await server.rssBytes();
    }
  };
  try {
    await open(WARM_UP_CONNECTIONS);
    const before = await connections.settle();
    await open(count);
    const after = await connections.settle();
    return (after - before) / 1024 / count;
  } finally {
    await connections.close();
    await server.end();
  }
}
