// @ts-check
// A process of the bench, seen from the runner: asked by its control line, and ended with it.
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { started } from "./children.mjs";

const START_MS = 20_000;
const END_MS = 2_000;

export class ControlledProcess {
  /** @type {{ resolve(line: string): void, reject(error: Error): void }[]} */
  #waiting = [];
  #ended = false;

  /**
   * Starts a program, and waits for what it says first.
   *
   * @param {string} name for messages
   * @param {import("../scripts/commands.mjs").Command} command
   */
  static async start(name, command) {
    const controlled = new ControlledProcess(name, command);
    const hello = await controlled.#line("start", START_MS);
    return { controlled, hello };
  }

  /** @param {string} name @param {import("../scripts/commands.mjs").Command} command */
  constructor(name, { command, args }) {
    this.name = name;
    this.child = spawn(command, args, { stdio: ["pipe", "pipe", "inherit"] });
    this.exited = new Promise((resolve) => this.child.once("close", resolve));
    started.add(this);
    createInterface({ input: this.child.stdout }).on("line", (line) => this.#waiting.shift()?.resolve(line));
    this.child.once("error", (error) => this.#onEnd(error.message));
    this.child.once("close", (code, signal) => this.#onEnd(`it ended (${signal ?? `exit code ${code}`})`));
    // A write to a process that has ended: the "close" event reports the end.
    this.child.stdin.on("error", () => {});
  }

  /**
   * @param {{ do: string, [option: string]: unknown }} request
   * @param {number} [timeoutMs]
   * @returns {Promise<unknown>}
   */
  async ask(request, timeoutMs = 20_000) {
    this.child.stdin.write(`${JSON.stringify(request)}\n`);
    const reply = /** @type {{ error?: string }} */ (JSON.parse(await this.#line(request.do, timeoutMs)));
    if (reply.error !== undefined) throw new Error(`${this.name}: ${reply.error}`);
    return reply;
  }

  /** Lets the process end by itself, so that a profiler can write, and kills it after a while. */
  async end() {
    this.child.stdin.end();
    const timer = setTimeout(() => this.child.kill("SIGKILL"), END_MS);
    await this.exited;
    clearTimeout(timer);
  }

  kill() {
    this.child.kill("SIGKILL");
  }

  /** The next line that it says. @param {string} what @param {number} timeoutMs @returns {Promise<string>} */
  #line(what, timeoutMs) {
    return new Promise((resolve, reject) => {
      if (this.#ended) return reject(new Error(`${this.name}: it has ended`));
      const timer = setTimeout(() => reject(new Error(`${this.name}: no answer to ${what}`)), timeoutMs);
      this.#waiting.push({
        resolve: (line) => {
          clearTimeout(timer);
          resolve(line);
        },
        reject: (error) => {
          clearTimeout(timer);
          reject(error);
        },
      });
    });
  }

  /** @param {string} why */
  #onEnd(why) {
    this.#ended = true;
    started.delete(this);
    for (const waiting of this.#waiting.splice(0)) waiting.reject(new Error(`${this.name}: ${why}`));
  }
}
