// @ts-check
import { checkDescriptors } from "../descriptors.mjs";
import { Server } from "../servers.mjs";

/** @typedef {import("./work.mjs").Bench} Bench */
/** @typedef {import("../servers.mjs").Candidate} Candidate */

const FULL = { rounds: 3, connections: 10_000 };
const QUICK = { rounds: 1, connections: 3_000 };

/**
 * Connects that may be under way, by the runtime's longest backlog. What finds it full is tried again after a second, and
 * some of it is reset by the kernel: that measures timers of Linux.
 */
const AT_ONCE = { node: 4_000, deno: 4_000, bun: 500 };

/** A burst before the one that counts: code is compiled by then. */
const WARM_UP_CONNECTIONS = 1_000;

/** @type {import("./work.mjs").Work} */
export const burst = {
  name: "burst",
  title:
    "10,000 connects (quick: 3,000), as many at once as the backlog takes, until each has got one line back: server CPU per connection",
  unit: "µs",
  counted: "connections",
  targets: [],
  async measure(bench) {
    const { rounds, connections } = bench.quick ? QUICK : FULL;
    await checkDescriptors(WARM_UP_CONNECTIONS + connections);
    const samples = [];
    for (let round = 0; round < rounds; round++) {
      for (const candidate of /** @type {Candidate[]} */ (["spillway", "raw"])) {
        bench.progress(`round ${round + 1} of ${rounds}: ${candidate}`);
        samples.push({ candidate, round, ...(await measure(bench, candidate, connections)) });
      }
    }
    return samples;
  },
};

/** @param {Bench} bench @param {Candidate} candidate @param {number} connections */
async function measure({ runtime, generator, profileDir }, candidate, connections) {
  const server = await Server.start(runtime, candidate, profileDir);
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
