// @ts-check
import { checkDescriptors } from "../descriptors.mjs";
import { extentOf } from "../extent.mjs";
import { IdleConnections } from "../idle_connections.mjs";
import { Server } from "../server.mjs";

/** @typedef {import("./workload.mjs").Bench} Bench */
/** @typedef {import("./workload.mjs").Row} Row */
/** @typedef {import("../subjects.mjs").Subject} Subject */
/** @typedef {{ rssBytes: number, heapBytes: number }} Memory */

/**
 * `warmUp` connections are opened before anything is counted. They compile the code, fill the pools and grow the young generation of
 * the heap, which belong to the process and not to a connection.
 */
const FULL = { rounds: 2, warmUp: 2_000, connections: 10_000 };
const QUICK = { rounds: 1, warmUp: 1_000, connections: 2_000 };

/** Connections between two collections, so that the garbage of opening them does not count as memory that they hold. */
const STEP = 250;
const MINUTE_MS = 60_000;

/** @type {Subject} */
const FROZEN = "spillway-frozen";
/** @type {Row} */
const RSS = { name: "RSS", subjects: ["spillway", "raw"], targets: { spillway: { node: 6, deno: 6, bun: 4 } } };
/** @type {Row} */
const AT_ONCE = { name: "heap beyond its socket's, at once", subjects: [FROZEN], targets: { [FROZEN]: 1 } };
/** @type {Row} */
const LATER = { ...AT_ONCE, name: "heap beyond its socket's, after a minute" };

/** @type {import("./workload.mjs").Workload} */
export const idle = {
  name: "idle",
  title: "idle connections, each of which has exchanged one line: memory per connection",
  unit: "KB",
  rows: [RSS, AT_ONCE, LATER],
  async measure(bench, rows) {
    const { rounds, warmUp, connections } = extentOf(bench, FULL, QUICK);
    await checkDescriptors(warmUp + connections);
    const asked = new Set(rows.map(({ name }) => name));
    const isHeapAsked = asked.has(AT_ONCE.name) || asked.has(LATER.name);
    const samples = [];
    for (let round = 0; round < rounds; round++) {
      const measured = async (/** @type {Subject} */ subject) => {
        bench.progress(`round ${round + 1} of ${rounds}: ${subject}`);
        return growth(bench, subject);
      };
      for (const subject of /** @type {Subject[]} */ (rows.find(({ name }) => name === RSS.name)?.subjects ?? []))
        samples.push({ row: RSS.name, subject, round, value: (await measured(subject)).atOnce.rssBytes });
      if (!isHeapAsked) continue;
      const socket = await measured("raw-small");
      const { atOnce, later = atOnce } = await measured(FROZEN);
      for (const [row, { heapBytes }] of /** @type {const} */ ([
        [AT_ONCE.name, atOnce],
        [LATER.name, later],
      ]))
        samples.push({ row, subject: FROZEN, round, value: heapBytes - socket.atOnce.heapBytes });
    }
    return samples.filter(({ row }) => asked.has(row)).map((sample) => ({ ...sample, value: sample.value / 1024 }));
  },
};

/**
 * Bytes by which a fresh server grows with each connection.
 *
 * @param {Bench} bench
 * @param {Subject} subject
 * @returns {Promise<{ atOnce: Memory, later?: Memory }>}
 */
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
  const pass = async () => {
    await server.controlled.ask({ do: "pass", ms: MINUTE_MS });
    return server.collectedMemory();
  };
  try {
    const opened = await open(warmUp);
    const parked = subject === FROZEN ? await pass() : opened;
    const atOnce = perConnection(opened, await open(count), count);
    return subject === FROZEN ? { atOnce, later: perConnection(parked, await pass(), count) } : { atOnce };
  } finally {
    await connections.close();
    await server.end();
  }
}

/** @param {Memory} before @param {Memory} after @param {number} count @returns {Memory} */
function perConnection(before, after, count) {
  return {
    rssBytes: (after.rssBytes - before.rssBytes) / count,
    heapBytes: (after.heapBytes - before.heapBytes) / count,
  };
}
