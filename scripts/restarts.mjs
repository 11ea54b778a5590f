// @ts-check
// npm run restarts: does a rolling restart lose anything? Workers are replaced again and again under load, with connections that
// stay, short ones, and a planned rate; then the supervisor itself is. Exit code 1 when a connection was refused or reset, or a
// frame was not answered, or handled more often than it was answered.
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { Option } from "commander";
import { build } from "./build.mjs";
import { root } from "./commands.mjs";
import { findRuntime, runtimeNames } from "./runtimes.mjs";
import { script, succeed, wholeNumber } from "./script.mjs";

/** @typedef {import("./runtimes.mjs").Runtime} Runtime */

/** @type {{ runtime?: import("./runtimes.mjs").RuntimeName, count: number, workers: number }} */
const options = script("restarts", "Rolling restarts under load: is anything lost?")
  .addOption(new Option("--runtime <name>", "only this one").choices(runtimeNames))
  .option("--count <n>", "how often the workers are replaced", wholeNumber(1, 1_000), 20)
  .option("--workers <n>", "how many there are", wholeNumber(1, 16), 2)
  .parse()
  .opts();

/** The loads, each a process of `spillway bench` on Node, so that what differs is the server. */
const LOADS = [
  ["-c", "20", "--in-flight", "4"],
  ["-c", "8", "--frames-per-connection", "3"],
  ["-c", "4", "--rate", "200"],
];
/** The log message of a drain whose FIN crossed frames: these were not handled, and the load sends them again. */
const CROSSED = /drained.*bytes discarded/;
const MAIN = path.join(root, "dist", "main.js");
/** A restart takes this long on a busy machine. */
const RESTART_MS = 30_000;
const LONGEST_LOAD_S = 600;

/** @param {Runtime} runtime */
async function restart(runtime) {
  const folder = mkdtempSync(path.join(os.tmpdir(), "spillway-restarts-"));
  const files = { pid: path.join(folder, "pid"), accessLog: path.join(folder, "access.log") };
  const server = new Server(runtime, files);
  try {
    const port = await server.ready();
    const loads = LOADS.map((flags) => new Load(port, flags));
    await sleep(1_500);
    for (let restarts = 1; restarts <= options.count; restarts++) {
      process.kill(pidIn(files.pid), "SIGHUP");
      await server.logged(/the workers are replaced/g, restarts);
    }
    process.kill(pidIn(files.pid), "SIGUSR2");
    await server.logged(/all workers have drained/g, 1);
    await sleep(500);
    for (const load of loads) load.stop();
    const results = await Promise.all(loads.map((load) => load.result));
    process.kill(pidIn(files.pid), "SIGTERM");
    await server.ended;
    report(runtime, results, accessed(files.accessLog), server.stderr);
  } finally {
    server.kill();
    rmSync(folder, { recursive: true });
  }
}

/**
 * @param {Runtime} runtime
 * @param {Result[]} results
 * @param {{ connections: number, framesIn: number, framesOut: number }} served
 * @param {string} log
 */
function report({ name, version }, results, served, log) {
  const answered = sumOf(results, ({ latencyMs }) => latencyMs.count);
  const complaints = results.flatMap(({ errors }) => Object.entries(errors).map(([kind, count]) => `${count} ${kind}`));
  if (served.framesIn !== answered) complaints.push(`${served.framesIn} frames were handled, and ${answered} answered`);
  if (served.framesOut !== answered) complaints.push(`${served.framesOut} replies were sent, and ${answered} came`);
  complaints.push(...(log.match(/^.* (WRN|ERR) .*$/gm) ?? []).filter((line) => !CROSSED.test(line)));
  wrong += complaints.length;
  const resent = sumOf(results, (result) => result.resent);
  const slowest = Math.max(...results.map(({ latencyMs }) => latencyMs.max));
  console.log(
    `${name} ${version}: ${options.count} restarts and an upgrade, ${served.connections} connections, ${answered} replies, ` +
      `${resent} frames sent again, slowest ${Math.round(slowest)} ms: ${complaints.length === 0 ? "nothing lost" : "LOST"}`,
  );
  for (const complaint of complaints) console.log(`  ${complaint}`);
}

/**
 * @typedef {object} Result
 * @property {Record<string, number>} errors
 * @property {number} resent
 * @property {{ count: number, max: number }} latencyMs
 */

/** @param {Result[]} results @param {(result: Result) => number} value */
function sumOf(results, value) {
  return results.reduce((sum, result) => sum + value(result), 0);
}

/** Returns the sums of the access log, over all connections of all workers. @param {string} file */
function accessed(file) {
  const lines = readFileSync(file, "utf8").trimEnd().split("\n");
  const ends = lines.map((line) => /** @type {{ framesIn: number, framesOut: number }} */ (JSON.parse(line)));
  return {
    connections: ends.length,
    framesIn: ends.reduce((sum, { framesIn }) => sum + framesIn, 0),
    framesOut: ends.reduce((sum, { framesOut }) => sum + framesOut, 0),
  };
}

/** @param {string} file */
function pidIn(file) {
  return Number(readFileSync(file, "utf8"));
}

class Server {
  stderr = "";
  #stdout = "";
  /** @type {Set<() => void>} */
  #waiting = new Set();

  /** @param {Runtime} runtime @param {{ pid: string, accessLog: string }} files */
  constructor(runtime, { pid, accessLog }) {
    const args = ["serve", "echo", "--port", "0", "--workers", `${options.workers}`, "--grace", "300ms"];
    const { command, args: all } = runtime.command(MAIN, [...args, "--pid-file", pid, "--access-log", accessLog]);
    this.child = spawn(command, all, { stdio: ["ignore", "pipe", "pipe"] });
    // Its successor has the same stdout and stderr.
    this.ended = new Promise((resolve) => this.child.once("close", resolve));
    this.child.stdout.setEncoding("utf8").on("data", (text) => this.#add(() => (this.#stdout += text)));
    this.child.stderr.setEncoding("utf8").on("data", (text) => this.#add(() => (this.stderr += text)));
  }

  /** The port, when it listens. */
  async ready() {
    await this.#until(() => /:(\d+) \(/.test(this.#stdout), "it does not listen");
    return Number(/:(\d+) \(/.exec(this.#stdout)?.[1]);
  }

  /** @param {RegExp} pattern @param {number} times */
  logged(pattern, times) {
    return this.#until(() => (this.stderr.match(pattern) ?? []).length >= times, `not logged: ${pattern}`);
  }

  kill() {
    this.child.kill("SIGKILL");
  }

  /** @param {() => void} add */
  #add(add) {
    add();
    for (const look of this.#waiting) look();
  }

  /** @param {() => boolean} holds @param {string} otherwise @returns {Promise<void>} */
  #until(holds, otherwise) {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(look);
        reject(new Error(`${otherwise}\n${this.stderr}`));
      }, RESTART_MS);
      const look = () => {
        if (!holds()) return;
        clearTimeout(timer);
        this.#waiting.delete(look);
        resolve();
      };
      this.#waiting.add(look);
      look();
    });
  }
}

class Load {
  /** @param {number} port @param {string[]} flags */
  constructor(port, flags) {
    const args = [
      MAIN,
      "bench",
      `127.0.0.1:${port}`,
      "--json",
      "--warm-up",
      "off",
      "-d",
      `${LONGEST_LOAD_S}s`,
      ...flags,
    ];
    this.child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
    /** @type {Promise<Result>} */
    this.result = new Promise((resolve, reject) => {
      createInterface({ input: this.child.stdout }).once("line", (line) =>
        resolve(/** @type {Result} */ (JSON.parse(line))),
      );
      this.child.once("exit", (code) => {
        // A result comes before the exit, and may be read after it.
        setTimeout(() => reject(new Error(`a load gave no result (exit code ${code})`)), 1_000).unref();
      });
    });
    this.result.catch(() => undefined);
  }

  stop() {
    this.child.kill("SIGINT");
  }
}

succeed(await build());
let wrong = 0;
for (const name of runtimeNames) if ((options.runtime ?? name) === name) await restart(await findRuntime(name));
console.log(wrong === 0 ? "\nNothing was lost." : `\nLOST: ${wrong}`);
process.exitCode = wrong === 0 ? 0 : 1;
