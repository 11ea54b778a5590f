// @ts-check
// How long a ping waits while four connections flood the server.
import { once } from "node:events";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { Server } from "../server.mjs";

/** @typedef {import("./workload.mjs").Bench} Bench */
/** @typedef {import("node:net").Socket} Socket */

const SUBJECT = "spillway-fairness";
const FLOODS = 4;
const BLOCK_BYTES = 65_536;
const PING_PAUSE_MS = 5;
/** A longer ping counts as this. */
const LONGEST_MS = 10_000;
const SECONDS = 5;
const QUICK_SECONDS = 1;
/** On a quiet machine. */
const P99_MS = 20;
const MAX_MS = 100;

/** The first output of a connection of the flood, and the output that it repeats. */
const LOADS = {
  "20 µs handler, 40 bytes": { first: "", again: `${"s".padEnd(39, ".")}\n` },
  "20 µs handler, 1 byte": { first: "", again: "s\n" },
  "endless stream": { first: "e\n", again: "" },
  "await-only handler": { first: "", again: "a\n" },
  broadcast: { first: "j\n", again: "b\n" },
  "bad frames skipped": { first: "", again: `${"x".repeat(65)}\n` },
};

/** @typedef {import("./workload.mjs").Row & { load: Load, share: number }} FairnessRow one share of the times under a load */
/** @typedef {{ first: string, again: string }} Load */

/** @type {import("./workload.mjs").Workload<FairnessRow>} */
export const fairness = {
  name: "fairness",
  title: `a ping while ${FLOODS} connections flood the server: how long it takes`,
  unit: "ms",
  rows: Object.entries(LOADS).flatMap(([name, load]) => [
    row(name, load, "p99", 0.99, P99_MS),
    row(name, load, "max", 1, MAX_MS),
  ]),
  async measure(bench, rows) {
    const samples = [];
    for (const load of new Set(rows.map((one) => one.load))) {
      const ofLoad = rows.filter((one) => one.load === load);
      bench.progress(ofLoad[0]?.name ?? "");
      const times = await pingTimes(bench, load);
      for (const { name, share } of ofLoad) {
        const at = Math.min(times.length - 1, Math.floor(share * times.length));
        samples.push({ row: name, subject: SUBJECT, round: 0, value: /** @type {number} */ (times[at]) });
      }
    }
    return samples;
  },
};

/** @param {string} name @param {Load} load @param {string} label @param {number} share @param {number} atMost @returns {FairnessRow} */
function row(name, load, label, share, atMost) {
  return { name: `${name}: ${label}`, subjects: [SUBJECT], targets: { [SUBJECT]: atMost }, load, share };
}

/**
 * Milliseconds, sorted.
 *
 * @param {Bench} bench
 * @param {Load} load
 */
async function pingTimes(bench, { first, again }) {
  const server = await Server.start(bench, SUBJECT);
  /** @type {Socket[]} */
  const sockets = [];
  try {
    for (let count = 0; count <= FLOODS; count++) sockets.push(await dial(server.port));
    const [ping, ...floods] = /** @type {[Socket, ...Socket[]]} */ (sockets);
    const block = again === "" ? "" : again.repeat(BLOCK_BYTES / again.length);
    for (const socket of floods) flood(socket, first, block);
    const times = [];
    const end = performance.now() + 1_000 * (bench.quick ? QUICK_SECONDS : SECONDS);
    while (performance.now() < end) {
      const begun = performance.now();
      ping.write("p\n");
      await Promise.race([once(ping, "data"), sleep(LONGEST_MS)]);
      times.push(performance.now() - begun);
      await sleep(PING_PAUSE_MS);
    }
    return times.toSorted((one, other) => one - other);
  } finally {
    for (const socket of sockets) socket.destroy();
    await server.end();
  }
}

/** @param {number} port */
async function dial(port) {
  const socket = connect({ port, host: "127.0.0.1", noDelay: true });
  socket.on("error", () => {});
  await once(socket, "connect");
  return socket;
}

/** @param {Socket} socket @param {string} first @param {string} block */
function flood(socket, first, block) {
  socket.resume();
  if (first !== "") socket.write(first);
  if (block === "") return;
  const send = () => {
    while (socket.writable && socket.write(block));
  };
  socket.on("drain", send);
  send();
}
