// @ts-check
// The cost of being watched: many connections with a modest load, and a client that asks for the list of them, once and ten times
// a second. Windows with and without that client take turns on one server, so that its age and the machine's state are the same.
import { request } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { checkDescriptors } from "../descriptors.mjs";
import { extentOf } from "../extent.mjs";
import { inTurn } from "../in_turn.mjs";
import { Server } from "../server.mjs";

/** @typedef {import("./workload.mjs").Bench} Bench */
/** @typedef {import("./workload.mjs").Sample} Sample */
/** @typedef {import("../subjects.mjs").Subject} Subject */
/** @typedef {import("./workload.mjs").Row & { path: string }} PolledRow */

const FULL = { rounds: 15, connections: 10_000, windowMs: 3_000, warmUpMs: 3_000 };
const QUICK = { rounds: 5, connections: 2_000, windowMs: 2_000, warmUpMs: 3_000 };
/** Lines a second on each connection: less than half of what a core can do. */
const LINES_PER_CONNECTION = 2;
/** How often the list is asked for. One request a second costs less than what else varies: ten of them show it. */
const EVERY_MS = { "spillway-admin-polled": 1_000, "spillway-admin-polled-10": 100 };

/** @type {Subject} */
const ALONE = "spillway-admin";
/** @typedef {keyof typeof EVERY_MS} Polled */
const POLLED = /** @type {Polled[]} */ (Object.keys(EVERY_MS));

/** @type {import("./workload.mjs").Workload<PolledRow>} */
export const polled = {
  name: "polled",
  title:
    "10,000 connections (quick: 2,000), two lines a second on each, with and without requests for `/connections`: server CPU per line",
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
      const window = (/** @type {{ path: string, everyMs: number } | undefined} */ asked, /** @type {number} */ ms) =>
        server.costOf(async () => {
          const poll = asked && new Poll(`http://127.0.0.1:${port}${asked.path}`, asked.everyMs, connections);
          const perSecond = connections * LINES_PER_CONNECTION;
          const { count, seconds, busy } = await bench.generator.runOpenLoop(loop, { ms, perSecond });
          await poll?.end();
          return { count, seconds, busy };
        });
      // The first without requests: the server may not have accepted all connections yet.
      await window(undefined, warmUpMs);
      for (const { path } of rows) await window({ path, everyMs: 100 }, warmUpMs);
      const turns = [
        undefined,
        ...rows.flatMap(({ name, path }) =>
          POLLED.map((subject) => ({ name, path, subject, everyMs: EVERY_MS[subject] })),
        ),
      ];
      for (let round = 0; round < rounds; round++) {
        bench.progress(`round ${round + 1} of ${rounds}`);
        for (const turn of inTurn(turns, round)) {
          const sample = { round, ...(await window(turn, windowMs)) };
          if (turn !== undefined) samples.push({ row: turn.name, subject: turn.subject, ...sample });
          else for (const { name } of rows) samples.push({ row: name, subject: ALONE, ...sample });
        }
      }
      await bench.generator.close(loop);
      return samples;
    } finally {
      await server.end();
    }
  },
};

/** Asks for a list again and again. */
class Poll {
  #ending = new AbortController();
  #done;

  /** @param {string} url @param {number} everyMs @param {number} connections which the list must have */
  constructor(url, everyMs, connections) {
    this.#done = this.#run(url, everyMs, connections);
    // It is reported at the end.
    this.#done.catch(() => undefined);
  }

  async end() {
    this.#ending.abort();
    await this.#done;
  }

  /** @param {string} url @param {number} everyMs @param {number} connections */
  async #run(url, everyMs, connections) {
    const { signal } = this.#ending;
    // In the middle: as many fit into each window.
    await sleep(everyMs / 2);
    while (!signal.aborted) {
      const next = performance.now() + everyMs;
      const { total } = /** @type {{ total?: number }} */ (JSON.parse(await textAt(url)));
      if (total !== connections) throw new Error(`${url} lists ${total} connections, not ${connections}`);
      await sleep(Math.max(0, next - performance.now()), undefined, { signal }).catch(() => undefined);
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
  const targets = { "spillway-admin-polled": 1.02, "spillway-admin-polled-10": 1.2 };
  return { name, path, subjects: [ALONE, ...POLLED], reference: ALONE, targets };
}
