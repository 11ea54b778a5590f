// @ts-check
// The one process that drives all servers, seen from the runner.
import { fileURLToPath } from "node:url";
import { ControlledProcess } from "./process.mjs";

/**
 * @typedef {object} Shape what a load looks like
 * @property {number} connections
 * @property {number} depth lines that each connection sends before it waits for all of their replies
 * @property {number} lineBytes with the LF
 * @property {boolean} [broadcast] one connection sends, all get it, and then it sends again
 * @property {boolean} [paused] nothing is read
 */

/** @typedef {{ batches: number, seconds: number, busy: number }} Ran */

export class LoadGenerator {
  /** @param {import("../scripts/runtimes.mjs").Runtime} bun */
  static async start(bun) {
    const script = fileURLToPath(new URL("generator/main.mjs", import.meta.url));
    const command = { command: bun.program, args: [script] };
    const { controlled } = await ControlledProcess.start("the load generator", command);
    return new LoadGenerator(controlled);
  }

  /** @param {ControlledProcess} controlled */
  constructor(controlled) {
    this.controlled = controlled;
  }

  /** Connects; returns the load's id. @param {number} port @param {Shape} shape */
  async open(port, shape) {
    const opened = /** @type {{ id: number }} */ (await this.controlled.ask({ do: "open", port, ...shape }));
    return opened.id;
  }

  /** Keeps all connections busy; 0 ms: one batch on each. @param {number} id @param {number} ms */
  async run(id, ms) {
    return /** @type {Ran} */ (await this.controlled.ask({ do: "run", id, ms }));
  }

  /** @param {number} id */
  async close(id) {
    await this.controlled.ask({ do: "close", id });
  }

  end() {
    return this.controlled.end();
  }
}
