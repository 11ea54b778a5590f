// @ts-check
import { checkDescriptors } from "../descriptors.mjs";
import { IdleConnections } from "../idle_connections.mjs";
import { Server } from "../servers.mjs";

/** @typedef {import("./work.mjs").Bench} Bench */
/** @typedef {{ drained: number, aborted: number, ms: number }} Drained */

const MANY = 10_000;
const FEW = 1_000;
const ROUNDS = 3;

/** What ten servers take that drain one after the other. */
const MANY_NAME = "10,000 connections";
const FEW_NAME = "10 × 1,000 connections";

/** @type {import("./work.mjs").Work} */
export const drain = {
  name: "drain",
  title: "shutdown of a server with idle connections, until all have been drained",
  unit: "ms",
  targets: [
    { candidate: MANY_NAME, atMost: 1_500 },
    { candidate: MANY_NAME, relativeTo: FEW_NAME, atMost: 2 },
  ],
  async measure(bench) {
    const rounds = bench.quick ? 1 : ROUNDS;
    await checkDescriptors(MANY);
    const samples = [];
    for (let round = 0; round < rounds; round++) {
      bench.progress(`round ${round + 1} of ${rounds}`);
      samples.push({ candidate: FEW_NAME, round, ...(await measureTimes(bench, FEW, MANY / FEW)) });
      samples.push({ candidate: MANY_NAME, round, ...(await measure(bench, MANY)) });
    }
    return samples;
  },
};

/** @param {Bench} bench @param {number} count @param {number} times */
async function measureTimes(bench, count, times) {
  let [value, busy] = [0, 0];
  for (let time = 0; time < times; time++) {
    const one = await measure(bench, count);
    value += one.value;
    busy += one.busy / times;
  }
  return { value, busy };
}

/** @param {Bench} bench @param {number} count */
async function measure({ runtime, generator, profileDir }, count) {
  const server = await Server.start(runtime, "spillway-drain", profileDir);
  const connections = new IdleConnections(generator, server);
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
