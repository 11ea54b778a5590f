// @ts-check
import { extentOf } from "../extent.mjs";
import { Server } from "../server.mjs";

/** @typedef {import("./workload.mjs").Bench} Bench */
/** @typedef {import("./workload.mjs").Sample} Sample */
/** @typedef {import("../subjects.mjs").Subject} Subject */
/** @typedef {{ subject: Subject, server: Server }} Lane */

/**
 * On most systems the end that sends FIN first keeps its port for a minute; here that is the generator. So one server gets no
 * more connections than there are ports, warm-up and all rounds together: 16,384 on the systems with the fewest. The warm-up takes
 * half of them, because Bun needs that many until all code is compiled.
 */
const FULL = { rounds: 5, connections: 1_600, warmUp: 8_000 };
const QUICK = { rounds: 3, connections: 1_000, warmUp: 6_000 };
const AT_ONCE = 50;

/** @typedef {import("./workload.mjs").Row & { tls?: boolean, extent?: Partial<typeof FULL> }} ChurnRow */

/** @type {import("./workload.mjs").Workload<ChurnRow>} */
export const churn = {
  name: "churn",
  title: `connect, one line of 64 bytes there and back, FIN there and back, ${AT_ONCE} at once: server CPU per connection`,
  unit: "µs",
  counted: "connections",
  rows: [
    {
      name: "one line",
      subjects: ["spillway", "raw"],
      reference: "raw",
      targets: { spillway: { node: 1.15, deno: 1.2, bun: 1.4 } },
    },
    {
      name: "a TLS handshake, one line",
      subjects: ["spillway-tls", "raw-tls"],
      reference: "raw-tls",
      targets: { "spillway-tls": 1.5 },
      tls: true,
      // A handshake takes ten times as long as the rest.
      extent: { connections: 800, warmUp: 1_600 },
    },
  ],
  measure: async (bench, rows) => {
    const samples = [];
    for (const row of rows) samples.push(...(await measureRow(bench, row)));
    return samples;
  },
};

/** @param {Bench} bench @param {ChurnRow} row */
async function measureRow(bench, { name, subjects, tls = false, extent }) {
  const { rounds, connections, warmUp } = extentOf(bench, { ...FULL, ...extent }, { ...QUICK, ...extent });
  /** @type {Lane[]} */
  const lanes = [];
  const samples = [];
  try {
    for (const subject of /** @type {Subject[]} */ (subjects)) {
      bench.progress(`warm-up of ${subject}`);
      const lane = { subject, server: await Server.start(bench, subject) };
      lanes.push(lane);
      await measure(bench, lane, warmUp, tls);
    }
    for (let round = 0; round < rounds; round++) {
      for (const lane of lanes) {
        bench.progress(`round ${round + 1} of ${rounds}: ${lane.subject}`);
        samples.push({ row: name, subject: lane.subject, round, ...(await measure(bench, lane, connections, tls)) });
      }
    }
  } finally {
    for (const { server } of lanes) await server.end();
  }
  return samples;
}

/** @param {Bench} bench @param {Lane} lane @param {number} connections @param {boolean} tls */
function measure({ generator }, { server }, connections, tls) {
  return server.costOf(async () => {
    const took = await generator.churn(server.port, { connections, atOnce: AT_ONCE, lineBytes: 64, tls });
    return { count: connections, ...took };
  });
}
