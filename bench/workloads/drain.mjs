// @ts-check
import { checkDescriptors } from "../descriptors.mjs";
import { extentOf } from "../extent.mjs";
import { IdleConnections } from "../idle_connections.mjs";
import { Server } from "../server.mjs";

/** @typedef {import("./workload.mjs").Bench} Bench */
/** @typedef {import("../subjects.mjs").Subject} Subject */
/** @typedef {{ drained: number, aborted: number, ms: number }} Drained */

/** @typedef {import("./workload.mjs").Row & { connections: number }} DrainRow */

const FULL = { rounds: 3 };
const QUICK = { rounds: 1 };

/** @type {import("./workload.mjs").Workload<DrainRow>} */
export const drain = {
  name: "drain",
  title: "shutdown of a server with idle connections, until all have been drained",
  unit: "ms",
  rows: [
    { name: "1,000 connections", subjects: ["spillway"], targets: { spillway: 300 }, connections: 1_000 },
    { name: "10,000 connections", subjects: ["spillway"], targets: { spillway: 1_500 }, connections: 10_000 },
  ],
  async measure(bench, rows) {
    const { rounds } = extentOf(bench, FULL, QUICK);
    const samples = [];
    for (const { name: row, subjects, connections } of rows) {
      await checkDescriptors(connections);
      for (let round = 0; round < rounds; round++) {
        for (const subject of /** @type {Subject[]} */ (subjects)) {
          bench.progress(`${row}: round ${round + 1} of ${rounds}: ${subject}`);
          samples.push({ row, subject, round, ...(await measure(bench, subject, connections)) });
        }
      }
    }
    return samples;
  },
};

/** @param {Bench} bench @param {Subject} subject @param {number} count */
async function measure(bench, subject, count) {
  const server = await Server.start(bench, subject);
  const connections = new IdleConnections(bench.generator, server);
  try {
    await connections.open(count);
    await connections.settle();
    const cpuBefore = await server.cpuMicros();
    const { drained, aborted, ms } = /** @type {Drained} */ (await server.controlled.ask({ do: "drain" }));
    const cpuMicros = (await server.cpuMicros()) - cpuBefore;
    const inOrder = await connections.endedInOrder();
    if (drained !== count || aborted !== 0 || inOrder !== count)
      throw new Error(`of ${count} connections ${drained} drained, ${aborted} aborted, ${inOrder} ended with FIN`);
    return { value: ms, busy: cpuMicros / 1_000 / ms };
  } finally {
    await connections.close();
    await server.end();
  }
}
