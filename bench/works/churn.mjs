// @ts-check
import { Server } from "../servers.mjs";

/** @typedef {import("./work.mjs").Bench} Bench */
/** @typedef {import("./work.mjs").Sample} Sample */
/** @typedef {import("../servers.mjs").Candidate} Candidate */
/** @typedef {{ candidate: Candidate, server: Server }} Lane */

/** @type {Candidate[]} */
const CANDIDATES = ["spillway", "raw"];

/**
 * Who sends FIN first keeps the port for a minute, on most systems, and it is the generator that does. So one server gets no
 * more connections than there are ports for it alone, warm-up and all rounds together: 16,384 where they are fewest. The
 * warm-up takes half of them, as Bun needs that long until all is compiled.
 */
const FULL = { rounds: 5, connections: 1_600, warmUp: 8_000 };
const QUICK = { rounds: 3, connections: 1_000, warmUp: 6_000 };
const AT_ONCE = 50;

/** @type {import("./work.mjs").Work} */
export const churn = {
  name: "churn",
  title: `connect, one line of 64 bytes there and back, FIN there and back, ${AT_ONCE} at once: server CPU per connection`,
  unit: "µs",
  counted: "connections",
  targets: [{ candidate: "spillway", relativeTo: "raw", atMost: 1.5 }],
  async measure(bench) {
    const { rounds, connections, warmUp } = bench.quick ? QUICK : FULL;
    /** @type {Lane[]} */
    const lanes = [];
    const samples = [];
    try {
      for (const candidate of CANDIDATES) {
        bench.progress(`warm-up of ${candidate}`);
        const lane = { candidate, server: await Server.start(bench.runtime, candidate, bench.profileDir) };
        lanes.push(lane);
        await measure(bench, lane, warmUp);
      }
      for (let round = 0; round < rounds; round++) {
        for (const lane of lanes) {
          bench.progress(`round ${round + 1} of ${rounds}: ${lane.candidate}`);
          samples.push({ candidate: lane.candidate, round, ...(await measure(bench, lane, connections)) });
        }
      }
    } finally {
      for (const { server } of lanes) await server.end();
    }
    return samples;
  },
};

/** @param {Bench} bench @param {Lane} lane @param {number} connections */
function measure({ generator }, { server }, connections) {
  return server.costOf(async () => {
    const took = await generator.churn(server.port, { connections, atOnce: AT_ONCE, lineBytes: 64 });
    return { count: connections, ...took };
  });
}
