// @ts-check
// npm run capacity: a server of several workers holds more connections than a process may have descriptors, and answers on each
// of them. Exit code 1 when a connection failed, was lost, or had no answer.
import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { Option } from "commander";
import { build } from "./build.mjs";
import { root } from "./commands.mjs";
import { descriptorLimit } from "./descriptors.mjs";
import { OperatedServer, until } from "./operate/operated_server.mjs";
import { findRuntime, runtimeNames } from "./runtimes.mjs";
import { script, succeed, wholeNumber } from "./script.mjs";

/** @type {{ runtime?: import("./runtimes.mjs").RuntimeName, connections: number, workers: number, balance: string }} */
const options = script("capacity", "Many connections to one server of several workers, each of which is answered.")
  .addOption(new Option("--runtime <name>", "only this one").choices(runtimeNames))
  .option("--connections <n>", "how many", wholeNumber(1, 1_000_000), 70_000)
  .option("--workers <n>", "how many there are", wholeNumber(1, 64), 4)
  .addOption(new Option("--balance <policy>", "as of spillway serve").choices(["shared", "kernel"]).default("shared"))
  .parse()
  .opts();

/** The connections of one client process: below the number of descriptors that it may have. */
const HELD = 14_000;
/** The descriptors of a worker that are no connections. */
const OTHERS = 500;
/** The descriptors of a worker without a limit. */
const MOST_DESCRIPTORS = 1_000_000;
const ADMITTED_MS = 60_000;

/**
 * @typedef {object} WorkerStats
 * @property {number} slot
 * @property {number} pid
 * @property {{ connections: number }} server
 */

/** @param {import("./runtimes.mjs").Runtime} runtime */
async function holdAll(runtime) {
  const folder = mkdtempSync(path.join(os.tmpdir(), "spillway-capacity-"));
  const most = (Math.min(await descriptorLimit(), MOST_DESCRIPTORS) - OTHERS) * options.workers;
  const server = await OperatedServer.start(runtime, folder, [
    `--workers=${options.workers}`,
    `--balance=${options.balance}`,
    `--max-connections=${most}`,
    "--hostname=0.0.0.0",
    "--log-level=info",
    "--idle-timeout=1h",
  ]);
  /** @type {Holder[]} */
  const holders = [];
  try {
    const began = performance.now();
    for (let left = options.connections; left > 0; left -= HELD) {
      holders.push(new Holder(server.port, holders.length, Math.min(HELD, left)));
    }
    await Promise.all(holders.map((holder) => holder.full));
    const seconds = (performance.now() - began) / 1_000;
    await until(async () => (await server.stats()).server.connections === options.connections, ADMITTED_MS);
    const workers = await workersOf(server);
    const answers = await Promise.all(holders.map((holder) => holder.ask()));
    const { server: total } = await server.stats();
    report(runtime, { seconds, workers, answers, connections: total.connections });
    for (const holder of holders) holder.end();
    server.terminate();
    if ((await server.ended) !== 0) complain("the server did not end in order");
  } finally {
    for (const holder of holders) holder.end();
    await server.kill();
    rmSync(folder, { recursive: true });
  }
}

/**
 * A client process. It connects to an address of its own, because a pair of addresses has ports for 28,000 connections: to bind
 * addresses of clients instead makes the kernel look for free ports, one after the other.
 */
class Holder {
  /** @param {number} port @param {number} index @param {number} count */
  constructor(port, index, count) {
    const address = `127.0.${1 + Math.floor(index / 200)}.${1 + (index % 200)}`;
    this.child = fork(path.join(root, "scripts", "capacity", "holder.mjs"), [`${port}`, address, `${count}`]);
    this.full = new Promise((resolve, reject) => {
      this.child.on("message", (/** @type {{ opened?: number }} */ { opened }) => {
        if (opened === count) resolve(undefined);
      });
      this.child.once("exit", (code) =>
        reject(new Error(`a client process ended with code ${code}: it could not connect`)),
      );
    });
  }

  /** Asks for a reply on each connection. @returns {Promise<{ answered: number, lost: number }>} */
  async ask() {
    this.child.send("ask");
    const [answer] = /** @type {[{ answered: number, lost: number }]} */ (await once(this.child, "message"));
    return answer;
  }

  end() {
    if (this.child.connected) this.child.disconnect();
  }
}

/** @param {OperatedServer} server */
async function workersOf(server) {
  const { workers } = /** @type {{ workers: WorkerStats[] }} */ (/** @type {unknown} */ (await server.stats()));
  return workers.map(({ slot, pid, server: { connections } }) => ({ slot, connections, megabytes: residentMb(pid) }));
}

/** Returns the resident memory of a process, where the kernel reports it. @param {number} pid */
function residentMb(pid) {
  try {
    const [, kilobytes] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
    return Math.round(Number(kilobytes) / 1_024);
  } catch {
    return undefined;
  }
}

/**
 * @param {import("./runtimes.mjs").Runtime} runtime
 * @param {{ seconds: number, connections: number, workers: { slot: number, connections: number, megabytes: number | undefined }[],
 *   answers: { answered: number, lost: number }[] }} held
 */
function report({ name, version }, { seconds, connections, workers, answers }) {
  const answered = answers.reduce((sum, answer) => sum + answer.answered, 0);
  const lost = answers.reduce((sum, answer) => sum + answer.lost, 0);
  const rate = Math.round(options.connections / seconds);
  console.log(
    `${name} ${version}: ${connections} connections, ${rate} a second; ${answered} were answered, ${lost} lost`,
  );
  for (const { slot, connections: own, megabytes } of workers) {
    console.log(`  worker ${slot}: ${own} connections, ${megabytes ?? "?"} MB`);
  }
  if (connections !== options.connections) complain(`${connections} connections are held, not ${options.connections}`);
  if (answered !== options.connections) complain(`${answered} connections were answered, not ${options.connections}`);
  if (lost > 0) complain(`${lost} connections were lost`);
}

/** @param {string} what */
function complain(what) {
  console.log(`  WRONG: ${what}`);
  process.exitCode = 1;
}

succeed(await build());
for (const name of runtimeNames) {
  if (options.runtime === undefined || options.runtime === name) await holdAll(await findRuntime(name));
}
