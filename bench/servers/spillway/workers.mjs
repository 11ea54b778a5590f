// @ts-check
// A supervisor whose workers answer lines with themselves. Its argument is their number.
import process from "node:process";
import { supervise } from "../../../dist/cluster/mod.js";
import { cpuMicros } from "../../control_line.mjs";
import { controlServer } from "../control_server.mjs";

const ANSWER_MS = 5_000;

const cluster = await supervise({
  script: new URL("./worker.mjs", import.meta.url),
  listen: [{ port: 0 }],
  workers: Number(process.argv[2]),
  // Worker threads of the load make a busy machine: nobody is to be replaced for that.
  silenceTimeoutMs: Infinity,
});
await cluster.ready;
const [address] = cluster.addresses;
await controlServer(address?.port ?? 0, { usage, spread });

/** CPU time of all processes. */
async function usage() {
  const answers = await askAll();
  return { cpuMicros: answers.reduce((sum, answer) => sum + answer.cpuMicros, cpuMicros()) };
}

/** The connections of each worker. */
async function spread() {
  return { connections: (await askAll()).map(({ connections }) => connections) };
}

function askAll() {
  const answers = cluster.workers.map((worker) => cluster.ask(worker, "usage", ANSWER_MS));
  return Promise.all(/** @type {Promise<{ cpuMicros: number, connections: number }>[]} */ (answers));
}
