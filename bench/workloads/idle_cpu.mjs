// @ts-check
// What connections cost on which nothing happens. Their deadlines are armed, but none passes while nothing happens: idle
// means minutes. So there is a second way, on which they do: each connection exchanges a line every ten seconds, a heartbeat,
// and its deadline is moved. What that costs is to be seen beside raw.
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
      // Garbage of before is collected some ten seconds after the last traffic, on Node in up to three goes: that is not what
      // idling costs.
      await sleep(quietMs);
      samples.push({ row: QUIET, subject, round, value: await cpuPercent(server, () => sleep(windowMs)) });
    }
    if (rows.has(BEATS)) {
      // After the first, a pause is as long as the next one; the second shows that to the server.
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

/** What the server uses meanwhile. @param {Server} server @param {() => Promise<void>} wait */
async function cpuPercent(server, wait) {
  // Asked once for nothing: what answering takes the first time does not count.
  await server.cpuMicros();
  const before = await server.cpuMicros();
  const began = performance.now();
  await wait();
  const cpuMicros = (await server.cpuMicros()) - before;
  return cpuMicros / 10 / (performance.now() - began);
}
