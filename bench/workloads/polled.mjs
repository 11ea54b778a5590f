// @ts-check
// What it costs to be watched: many connections with a modest load, and somebody who asks for the list of them every second. Windows
// with and without that take turns on one server, so that its age and the machine's state are the same.
import { request } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { checkDescriptors } from "../descriptors.mjs";
import { extentOf } from "../extent.mjs";
import { Server } from "../server.mjs";

/** @typedef {import("./workload.mjs").Bench} Bench */
/** @typedef {import("./workload.mjs").Sample} Sample */
/** @typedef {import("../subjects.mjs").Subject} Subject */
/** @typedef {import("./workload.mjs").Row & { path: string }} PolledRow */

const FULL = { rounds: 15, connections: 10_000, windowMs: 4_000, warmUpMs: 8_000 };
const QUICK = { rounds: 5, connections: 2_000, windowMs: 2_000, warmUpMs: 3_000 };
/** Lines a second on each connection: less than half of what a core can do. */
const LINES_PER_CONNECTION = 2;
const POLL_MS = 1_000;

/** @type {Subject} */
const ALONE = "spillway-admin";
/** @type {Subject} */
const POLLED = "spillway-admin-polled";

/** @type {import("./workload.mjs").Workload<PolledRow>} */
export const polled = {
  name: "polled",
  title:
    "10,000 connections (quick: 2,000), two lines a second on each, with and without a request for `/connections` every second: server CPU per line",
  unit: "µs",
  counted: "lines",
  rows: [
    row("in order of their numbers", "/connections"),
    row("by bytes sent", "/connections?sort=bytesOut&limit=100"),
  ],
  async measure(bench, rows) {
    const { rounds, connections, windowMs, warmUpMs } = extentOf(bench, FULL, QUICK);
    await checkDescriptors(connections);
    const server = await Server.start(bench, ALONE);
    /** @type {Sample[]} */
    const samples = [];
    try {
      const { port } = /** @type {{ port: number }} */ (await server.controlled.ask({ do: "admin" }));
      bench.progress("connecting");
      const loop = await bench.generator.openLoop(server.port, { connections, lineBytes: 64 });
      const window = (/** @type {string | undefined} */ path, /** @type {number} */ ms) =>
        server.costOf(async () => {
          const poll = path === undefined ? undefined : new Poll(`http://127.0.0.1:${port}${path}`, connections);
          const perSecond = connections * LINES_PER_CONNECTION;
          const { count, seconds, busy } = await bench.generator.runOpenLoop(loop, { ms, perSecond });
          await poll?.end();
          return { count, seconds, busy };
        });
      // The first without requests: the server may not have accepted all connections yet.
      for (const path of [undefined, ...rows.map(({ path: asked }) => asked)]) await window(path, warmUpMs);
      for (let round = 0; round < rounds; round++) {
        bench.progress(`round ${round + 1} of ${rounds}`);
        const turns = [undefined, ...rows];
        for (const turn of round % 2 === 0 ? turns : turns.toReversed()) {
          const sample = { round, ...(await window(turn?.path, windowMs)) };
          const of = turn === undefined ? rows : [turn];
          for (const { name } of of)
            samples.push({ row: name, subject: turn === undefined ? ALONE : POLLED, ...sample });
        }
      }
      await bench.generator.close(loop);
      return samples;
    } finally {
      await server.end();
    }
  },
};

/** Asks for a list every second. */
class Poll {
  #ending = new AbortController();
  #done;

  /** @param {string} url @param {number} connections which the list must have */
  constructor(url, connections) {
    this.#done = this.#run(url, connections);
  }

  async end() {
    this.#ending.abort();
    await this.#done;
  }

  /** @param {string} url @param {number} connections */
  async #run(url, connections) {
    const { signal } = this.#ending;
    // In the middle of the seconds: as many fit into each window.
    await sleep(POLL_MS / 2);
    while (!signal.aborted) {
      const { total } = /** @type {{ total?: number }} */ (JSON.parse(await textAt(url)));
      if (total !== connections) throw new Error(`${url} lists ${total} connections, not ${connections}`);
      await sleep(POLL_MS, undefined, { signal }).catch(() => undefined);
    }
  }
}

/** On a connection of its own, as `curl` asks. @param {string} url @returns {Promise<string>} */
function textAt(url) {
  return new Promise((resolve, reject) => {
    const asked = request(url, { agent: false }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (chunk) => (text += chunk));
      response.on("end", () => resolve(text)).on("error", reject);
    });
    asked.on("error", reject).end();
  });
}

/** @param {string} name @param {string} path @returns {PolledRow} */
function row(name, path) {
  return { name, path, subjects: [ALONE, POLLED], reference: ALONE, targets: { [POLLED]: 1.02 } };
}
