// @ts-check
import { setTimeout as sleep } from "node:timers/promises";
import { Server } from "../servers.mjs";

/** @typedef {import("./work.mjs").Bench} Bench */
/** @typedef {import("../servers.mjs").Candidate} Candidate */

const FULL = { rounds: 3, connections: 6_000 };
const QUICK = { rounds: 1, connections: 3_000 };

/** Opened before anything is counted: code is compiled and pools are filled by then. */
const WARM_UP_CONNECTIONS = 500;
/** Connections between two collections, so that garbage of their opening does not pass for memory that they hold. */
const STEP = 250;
/** A connection is idle when nothing has happened on it for so long. */
const IDLE_MS = 2_500;

/** @type {import("./work.mjs").Work} */
export const idle = {
  name: "idle",
  title: "idle connections, each of which has exchanged one line: RSS per connection",
  unit: "KB",
  targets: [{ candidate: "spillway", atMost: 7 }],
  async measure(bench) {
    const { rounds, connections } = bench.quick ? QUICK : FULL;
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
 * @param {number} connections
 */
async function growth({ runtime, generator, profileDir }, candidate, connections) {
  const server = await Server.start(runtime, candidate, profileDir);
  /** @type {number[]} */
  const loads = [];
  const hold = async (/** @type {number} */ count) => {
    const id = await generator.open(server.port, { connections: count, depth: 1, lineBytes: 64 });
    loads.push(id);
    await generator.run(id, 0);
    await server.rssBytes();
  };
  const idleBytes = async () => {
    await sleep(IDLE_MS);
    return server.rssBytes();
  };
  try {
    for (let held = 0; held < WARM_UP_CONNECTIONS; held += STEP) await hold(STEP);
    const before = await idleBytes();
    for (let held = 0; held < connections; held += STEP) await hold(Math.min(STEP, connections - held));
    const after = await idleBytes();
    return (after - before) / 1024 / connections;
  } finally {
    for (const id of loads) await generator.close(id);
    await server.end();
  }
}
