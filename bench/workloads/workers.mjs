// @ts-check
import { setTimeout as sleep } from "node:timers/promises";
import { extentOf } from "../extent.mjs";
import { inTurn } from "../in_turn.mjs";
import { Server } from "../server.mjs";
import { available } from "../subjects.mjs";

/** @typedef {import("./workload.mjs").Bench} Bench */
/** @typedef {import("./workload.mjs").Sample} Sample */
/** @typedef {import("../subjects.mjs").Subject} Subject */

/**
 * The load of each process: a process that has less to do does it in smaller portions, which cost more a line. So a load that is
 * as fast as its generator would compare full processes with half idle ones.
 *
 * @typedef {object} Load
 * @property {number} connections
 * @property {number} depth the lines of a batch
 * @property {number} perSecond batches
 *
 * @typedef {import("./workload.mjs").Row & { subjects: readonly Subject[], load: Load }} WorkersRow
 */

/** @type {Readonly<Partial<Record<Subject, number>>>} */
const PROCESSES = { spillway: 1, "spillway-workers-2": 2 };
/** The connections of the busiest worker, beside the mean. */
const EVEN = 1.25;
const TRIES = 100;
const ACCEPTING_MS = 5;
// What asks for the CPU time of workers is to be nothing beside their lines.
const FULL = { rounds: 15, roundMs: 1_000, warmUpMs: 4_000 };
const QUICK = { ...FULL, rounds: 5 };

/** @type {import("./workload.mjs").Workload<WorkersRow>} */
export const workers = {
  name: "workers",
  title:
    "two workers, and their supervisor, beside one process with half of the load, lines of 64 bytes: CPU of all of them per line",
  unit: "µs",
  counted: "lines",
  rows: [
    row("10,000 lines a second for each process", { connections: 25, depth: 1, perSecond: 10_000 }),
    row("4,000 batches of 256 lines a second for each process", { connections: 4, depth: 256, perSecond: 4_000 }),
  ],
  async measure(bench, rows) {
    /** @type {Sample[]} */
    const samples = [];
    for (const one of rows) samples.push(...(await measureRow(bench, one)));
    return samples;
  },
};

/** @param {string} name @param {Load} load @returns {WorkersRow} */
function row(name, load) {
  return {
    name,
    subjects: ["spillway-workers-2", "spillway"],
    reference: "spillway",
    // 0.9 of the lines per second of a core.
    targets: { "spillway-workers-2": 1.11 },
    load,
  };
}

/**
 * Connects anew until each worker has about the same number of connections: whoever is awake accepts.
 *
 * @param {Bench["generator"]} generator
 * @param {Server} server
 * @param {Parameters<Bench["generator"]["openLoop"]>[1]} shape
 */
async function openEvenly(generator, server, shape) {
  for (let tries = 1; tries <= TRIES; tries++) {
    const loop = await generator.openLoop(server.port, shape);
    const connections = await accepted(server, shape.connections);
    if (Math.max(...connections) * connections.length <= EVEN * shape.connections) return loop;
    await generator.close(loop);
    await accepted(server, 0);
  }
  throw new Error(`the workers had uneven numbers of connections ${TRIES} times`);
}

/** Waits until so many connections are open, and returns those of each worker. @param {Server} server @param {number} count */
async function accepted(server, count) {
  for (;;) {
    const connections = await server.connections();
    if (connections.reduce((sum, own) => sum + own, 0) === count) return connections;
    await sleep(ACCEPTING_MS);
  }
}

/** @param {Bench} bench @param {WorkersRow} row */
async function measureRow(bench, { name, subjects, load: { connections, depth, perSecond } }) {
  const { generator, progress } = bench;
  const { rounds, roundMs, warmUpMs } = extentOf(bench, FULL, QUICK);
  const lanes = [];
  /** @type {Sample[]} */
  const samples = [];
  try {
    for (const subject of await available(subjects)) {
      progress(`${name}: warm-up of ${subject}`);
      const processes = PROCESSES[subject] ?? 1;
      const server = await Server.start(bench, subject);
      const shape = { connections: connections * processes, depth, lineBytes: 64 };
      const loop = await (processes === 1
        ? generator.openLoop(server.port, shape)
        : openEvenly(generator, server, shape));
      const lane = { subject, server, loop, rate: perSecond * processes };
      lanes.push(lane);
      await generator.runOpenLoop(lane.loop, { ms: warmUpMs, perSecond: lane.rate });
    }
    for (let round = 0; round < rounds; round++) {
      for (const { subject, server, loop, rate } of inTurn(lanes, round)) {
        progress(`${name}: round ${round + 1} of ${rounds}: ${subject}`);
        const cost = await server.costOf(async () => {
          const { count, seconds, busy } = await generator.runOpenLoop(loop, { ms: roundMs, perSecond: rate });
          return { count: count * depth, seconds, busy };
        });
        samples.push({ row: name, subject, round, ...cost });
      }
    }
  } finally {
    for (const { loop } of lanes) await generator.close(loop);
    for (const { server } of lanes) await server.end();
  }
  return samples;
}
