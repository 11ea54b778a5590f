// @ts-check
// What connections cost on which nothing happens. Their deadlines are armed, but none passes while nothing happens: idle
// means minutes. So there is a second way, on which they do: each connection exchanges a line every ten seconds, a heartbeat,
// and its deadline is moved. What that costs is to be seen beside raw.
import { setTimeout as sleep } from "node:timers/promises";
import { checkDescriptors } from "../descriptors.mjs";
import { IdleConnections } from "../idle_connections.mjs";
import { Server } from "../servers.mjs";

/** @typedef {import("./work.mjs").Bench} Bench */
/** @typedef {import("./work.mjs").Sample} Sample */
/** @typedef {import("../servers.mjs").Candidate} Candidate */

const BEAT_MS = 10_000;

const FULL = { rounds: 1, connections: 10_000, quietMs: 30_000, windowMs: 10_000, kept: true };
const QUICK = { rounds: 1, connections: 2_000, quietMs: 0, windowMs: 3_000, kept: false };

/** @type {import("./work.mjs").Work} */
export const idleCpu = {
  name: "idle-cpu",
  title:
    "10,000 idle connections (quick: 2,000) with all deadlines armed, silent for 30 s already, and with a line on each every 10 s: CPU of a core",
  unit: "%",
  targets: [{ candidate: "spillway", atMost: 0.5 }],
  async measure(bench) {
    const { rounds, connections } = bench.quick ? QUICK : FULL;
    await checkDescriptors(connections);
    const samples = [];
    for (let round = 0; round < rounds; round++) {
      for (const candidate of /** @type {Candidate[]} */ (["spillway", "raw"])) {
        bench.progress(`round ${round + 1} of ${rounds}: ${candidate}`);
        samples.push(...(await measure(bench, candidate, round)));
      }
    }
    return samples;
  },
};

/**
 * @param {Bench} bench
 * @param {Candidate} candidate
 * @param {number} round
 */
async function measure({ runtime, generator, quick, profileDir }, candidate, round) {
  const { connections: count, quietMs, windowMs, kept } = quick ? QUICK : FULL;
  const server = await Server.start(runtime, candidate, profileDir);
  const connections = new IdleConnections(generator, server);
  try {
    await connections.open(count);
    await connections.settle();
    // Garbage of before is collected some ten seconds after the last traffic, on Node in up to three goes: that is not what
    // idling costs.
    await sleep(quietMs);
    /** @type {Sample[]} */
    const samples = [{ candidate, round, value: await cpuPercent(server, () => sleep(windowMs)) }];
    if (kept) {
      // After the first, a pause is as long as the next one; the second shows that to the server.
      await beat(connections, 2);
      // Collections come every few beats, so some belong to it.
      const value = await cpuPercent(server, () => beat(connections, 4));
      samples.push({ candidate: `${candidate}, a line every 10 s`, round, value });
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
