// @ts-check
// The cost of idle connections. Their deadlines are armed, and none passes, because an idle timeout takes minutes. In a second row each
// connection exchanges a line every ten seconds, as with a heartbeat, which moves its deadline.
import { setTimeout as sleep } from "node:timers/promises";
import { checkDescriptors } from "../descriptors.mjs";
import { extentOf } from "../extent.mjs";
import { IdleConnections } from "../idle_connections.mjs";
import { Server } from "../server.mjs";

/** @typedef {import("./workload.mjs").Bench} Bench */
/** @typedef {import("./workload.mjs").Sample} Sample */
/** @typedef {import("../subjects.mjs").Subject} Subject */

const BEAT_MS = 10_000;

const FULL = { rounds: 1, connections: 10_000, quietMs: 30_000, windowMs: 10_000 };
const QUICK = { rounds: 1, connections: 2_000, quietMs: 0, windowMs: 3_000 };

const QUIET = "silent for 30 s";
const BEATS = "a line every 10 s";

/** @type {import("./workload.mjs").Workload} */
export const idleCpu = {
  name: "idle-cpu",
  title: "10,000 idle connections (quick: 2,000) with all deadlines armed: CPU of a core",
  unit: "%",
  rows: [
    { name: QUIET, subjects: ["spillway", "raw"], targets: { spillway: 0.5 } },
    { name: BEATS, subjects: ["spillway", "raw"] },
  ],
  async measure(bench, rows) {
    const { rounds, connections } = extentOf(bench, FULL, QUICK);
    await checkDescriptors(connections);
    const samples = [];
    const subjects = /** @type {Set<Subject>} */ (new Set(rows.flatMap((row) => row.subjects)));
    const names = new Set(rows.map(({ name }) => name));
    for (let round = 0; round < rounds; round++) {
      for (const subject of subjects) {
        bench.progress(`round ${round + 1} of ${rounds}: ${subject}`);
        samples.push(...(await measure(bench, subject, round, names)));
      }
    }
    return samples;
  },
};

/**
 * @param {Bench} bench
 * @param {Subject} subject
 * @param {number} round
 * @param {Set<string>} rows
 */
async function measure(bench, subject, round, rows) {
  const { connections: count, quietMs, windowMs } = extentOf(bench, FULL, QUICK);
  const server = await Server.start(bench, subject);
  const connections = new IdleConnections(bench.generator, server);
  /** @type {Sample[]} */
  const samples = [];
  try {
    await connections.open(count);
    await connections.settle();
    if (rows.has(QUIET)) {
      // The garbage of the opening is collected some ten seconds after the last traffic, on Node in up to three collections: that
      // does not belong to idling.
      await sleep(quietMs);
      samples.push({ row: QUIET, subject, round, value: await cpuPercent(server, () => sleep(windowMs)) });
    }
    if (rows.has(BEATS)) {
      // Two beats first: what they make once does not count.
      await beat(connections, 2);
      // Collections come every few beats, so some belong to it.
      const value = await cpuPercent(server, () => beat(connections, 4));
      samples.push({ row: BEATS, subject, round, value });
    }
    return samples;
  } finally {
    await connections.close();
    await server.end();
  }
}

/** A line on each, so many times. @param {IdleConnections} connections @param {number} times */
async function beat(connections, times) {
  for (let done = 0; done < times; done++) await connections.exchange(BEAT_MS);
}

/** Returns the CPU time that the server uses while `wait` waits, in percent. @param {Server} server @param {() => Promise<void>} wait */
async function cpuPercent(server, wait) {
  // The first answer costs more than the others, and does not count.
  await server.cpuMicros();
  const before = await server.cpuMicros();
  const began = performance.now();
  await wait();
  const cpuMicros = (await server.cpuMicros()) - before;
  return cpuMicros / 10 / (performance.now() - began);
}
