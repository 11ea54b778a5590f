// @ts-check
// `spillway serve echo --admin`, in a process of its own on one of the runtimes.
import { spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { root } from "../commands.mjs";

export const TOKEN = "the-token-of-whoever-operates-it";
const START_MS = 20_000;

/** @typedef {import("../runtimes.mjs").Runtime} Runtime */

/**
 * @typedef {object} Ended a line of the access log, or of the log, about the end of a connection
 * @property {string} event of a line of the log
 * @property {string} reason
 * @property {number} framesIn
 * @property {number} framesOut
 * @property {number} bytesIn
 * @property {number} bytesOut
 */

/**
 * @typedef {object} Stats what `/stats` answers
 * @property {{ connections: number, accepted: number, framesIn: number, framesOut: number, bytesIn: number, bytesOut: number }} server
 * @property {Record<string, number>} ends
 */

export class OperatedServer {
  stdout = "";
  stderr = "";
  /** The admin endpoint, without a slash at the end. */
  url = "";
  port = 0;
  #child;

  /**
   * Starts one, and waits until it listens.
   *
   * @param {Pick<Runtime, "command">} runtime
   * @param {string} folder for its files
   * @param {readonly string[]} [options]
   */
  static async start(runtime, folder, options = []) {
    const server = new OperatedServer(runtime, folder, options);
    await server.#listening();
    return server;
  }

  /** @param {Pick<Runtime, "command">} runtime @param {string} folder @param {readonly string[]} options */
  constructor(runtime, folder, options) {
    this.accessLog = path.join(folder, "access.log");
    const tokenFile = path.join(folder, "token");
    writeFileSync(this.accessLog, "");
    writeFileSync(tokenFile, TOKEN);
    const { command, args } = runtime.command(path.join(root, "dist", "main.js"), [
      "serve",
      "echo",
      "--port",
      "0",
      "--admin",
      "127.0.0.1:0",
      "--admin-token-file",
      tokenFile,
      "--access-log",
      this.accessLog,
      "--log-format",
      "json",
      "--log-level",
      "debug",
      ...options,
    ]);
    this.#child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"] });
    this.#child.stdout.setEncoding("utf8").on("data", (/** @type {string} */ text) => (this.stdout += text));
    this.#child.stderr.setEncoding("utf8").on("data", (/** @type {string} */ text) => (this.stderr += text));
    /** @type {Promise<number | null>} */
    this.ended = new Promise((resolve) => this.#child.on("close", resolve));
  }

  get isOver() {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  /** @returns {Promise<Stats>} */
  async stats() {
    return /** @type {Stats} */ (await this.#json("/stats"));
  }

  /** @param {string} query @returns {Promise<{ total: number, connections: { id: number }[] }>} */
  async connections(query) {
    return /** @type {{ total: number, connections: { id: number }[] }} */ (await this.#json(`/connections?${query}`));
  }

  /** The number of the last ends with that reason. @param {string} reason */
  async closed(reason) {
    const { matching } = /** @type {{ matching: number }} */ (await this.#json(`/closed?limit=0&reason=${reason}`));
    return matching;
  }

  /** @param {string} pathname @returns {Promise<unknown>} */
  async #json(pathname) {
    return (await fetch(`${this.url}${pathname}`)).json();
  }

  /** The events of the log of that type. @param {string} type @returns {Ended[]} */
  logged(type) {
    return objectsIn(this.stderr).filter(({ event }) => event === type);
  }

  /** The lines of the access log. @returns {Ended[]} */
  accessed() {
    return objectsIn(readFileSync(this.accessLog, "utf8"));
  }

  /** Drains it. */
  terminate() {
    // Not through the child: Deno's then takes the signal for the end of it, whatever it does with the signal.
    if (!this.isOver) process.kill(/** @type {number} */ (this.#child.pid), "SIGTERM");
  }

  /** Ends it, whatever it does. */
  async kill() {
    if (!this.isOver) this.#child.kill("SIGKILL");
    await this.ended;
  }

  async #listening() {
    await until(() => {
      if (this.isOver) throw new Error(`the server ended early:\n${this.stdout}${this.stderr}`);
      this.port = Number(/^spillway listening on .*:(\d+) /.exec(this.stdout)?.[1] ?? 0);
      this.url = /"address":"(http:[^"]+)\/"/.exec(this.stderr)?.[1] ?? "";
      return this.port !== 0 && this.url !== "";
    }, START_MS);
  }
}

/** @param {string} text @returns {Ended[]} */
function objectsIn(text) {
  const lines = text.split("\n").filter((line) => line.startsWith("{") && line.endsWith("}"));
  return lines.map((line) => /** @type {Ended} */ (JSON.parse(line)));
}

/**
 * Waits until something holds.
 *
 * @param {() => boolean | Promise<boolean>} holds
 * @param {number} timeoutMs
 * @returns {Promise<boolean>} false when the time is over
 */
export async function until(holds, timeoutMs) {
  const end = performance.now() + timeoutMs;
  while (!(await holds())) {
    if (performance.now() > end) return false;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return true;
}
