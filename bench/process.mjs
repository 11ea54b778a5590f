// @ts-check
// Processes of the bench, seen from the runner: asked by their control line, and ended with it.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

const START_MS = 20_000;
const END_MS = 2_000;

/** @type {Set<{ kill(): void }>} */
const started = new Set();

export class ControlledProcess {
  /** @type {{ resolve(reply: unknown): void, reject(error: Error): void }[]} */
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
    const hello = await controlled.#reply("start", START_MS);
    return { controlled, hello };
  }

  /** @param {string} name @param {import("../scripts/commands.mjs").Command} command */
  constructor(name, { command, args }) {
    this.name = name;
    this.child = spawn(command, args, { stdio: ["pipe", "pipe", "inherit"] });
    this.exited = new Promise((resolve) => this.child.once("close", resolve));
    started.add(this);
    createInterface({ input: this.child.stdout }).on("line", (line) => this.#onLine(line));
    this.child.once("error", (error) => this.#onEnd(error.message));
    this.child.once("close", (code, signal) => this.#onEnd(`it ended (${signal ?? `exit code ${code}`})`));
    // A write to a process that is gone: its end says more.
    this.child.stdin.on("error", () => {});
  }

  /**
   * @param {{ do: string, [option: string]: unknown }} request
   * @param {number} [timeoutMs]
   * @returns {Promise<unknown>}
   */
  ask(request, timeoutMs = 20_000) {
    this.child.stdin.write(`${JSON.stringify(request)}\n`);
    return this.#reply(request.do, timeoutMs);
  }

  /** Lets it end by itself, which gives a profiler the time to write; then makes it. */
  async end() {
    this.child.stdin.end();
    const timer = setTimeout(() => this.child.kill("SIGKILL"), END_MS);
    await this.exited;
    clearTimeout(timer);
  }

  kill() {
    this.child.kill("SIGKILL");
  }

  /** @param {string} what @param {number} timeoutMs @returns {Promise<unknown>} */
  #reply(what, timeoutMs) {
    return new Promise((resolve, reject) => {
      if (this.#ended) return reject(new Error(`${this.name}: it has ended`));
      const timer = setTimeout(() => reject(new Error(`${this.name}: no answer to ${what}`)), timeoutMs);
      this.#waiting.push({
        resolve: (reply) => {
          clearTimeout(timer);
          const { error } = /** @type {{ error?: string }} */ (reply);
          if (error === undefined) resolve(reply);
          else reject(new Error(`${this.name}: ${error}`));
        },
        reject: (error) => {
          clearTimeout(timer);
          reject(error);
        },
      });
    });
  }

  /** @param {string} line */
  #onLine(line) {
    this.#waiting.shift()?.resolve(JSON.parse(line));
  }

  /** @param {string} why */
  #onEnd(why) {
    this.#ended = true;
    started.delete(this);
    for (const waiting of this.#waiting.splice(0)) waiting.reject(new Error(`${this.name}: ${why}`));
  }
}

/**
 * Starts a program, waits until it says something, and ends it; returns how long that took.
 *
 * @param {string} name for messages
 * @param {import("../scripts/commands.mjs").Command} command
 * @returns {Promise<number>}
 */
export async function firstLineMs(name, { command, args }) {
  const began = performance.now();
  const child = spawn(command, args, { stdio: ["pipe", "pipe", "ignore"] });
  const kill = () => void child.kill("SIGKILL");
  const one = { kill };
  started.add(one);
  const timer = setTimeout(kill, START_MS);
  let saidAt = Number.NaN;
  child.stdout.once("data", () => {
    saidAt = performance.now();
    kill();
  });
  try {
    await once(child, "close");
  } finally {
    clearTimeout(timer);
    started.delete(one);
  }
  if (Number.isNaN(saidAt)) throw new Error(`${name}: it ended, or took ${START_MS} ms, and has not said a line`);
  return saidAt - began;
}

/** Ends every process that was started and is still there. */
export function killAll() {
  for (const controlled of started) controlled.kill();
}
