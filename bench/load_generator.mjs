// @ts-check
// The load generator, a process that drives all servers, seen from the runner.
import { fileURLToPath } from "node:url";
import { ControlledProcess } from "./controlled_process.mjs";

/**
 * @typedef {object} Shape what a load looks like
 * @property {number} connections
 * @property {number} depth lines that each connection sends before it waits for all of their replies
 * @property {number} lineBytes with the LF
 * @property {boolean} [tls] over TLS
 * @property {boolean} [broadcast] one connection sends, all get it, and then it sends again
 */

/**
 * @typedef {object} Visits connections that exchange one line each
 * @property {number} connections
 * @property {number} atOnce of which so many are not yet done
 * @property {number} lineBytes with the LF
 * @property {boolean} [tls] over TLS
 */

/** @typedef {{ seconds: number, busy: number }} Took */
/** @typedef {Took & { batches: number }} Ran */

/** The kernel retries connects that found the backlog full after seconds. */
const BURST_MS = 60_000;
/** Covers the last replies of an overloaded server. */
const OPEN_LOOP_MS = 40_000;

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

  /** How many connections of a load the server has ended in order; waits until it has ended all. @param {number} id */
  async endedInOrder(id) {
    const ended = /** @type {{ inOrder: number }} */ (await this.controlled.ask({ do: "ended", id }));
    return ended.inOrder;
  }

  /**
   * Opens connections, some at a time, each of which exchanges one line and is closed by both ends.
   *
   * @param {number} port
   * @param {Visits} visits
   */
  async churn(port, visits) {
    return /** @type {Took} */ (await this.controlled.ask({ do: "churn", port, ...visits }));
  }

  /**
   * Connects, and waits until each connection has got its line back. The connections stay open: `id` closes them.
   *
   * @param {number} port
   * @param {Visits} visits
   */
  async burst(port, visits) {
    return /** @type {Took & { id: number }} */ (await this.controlled.ask({ do: "burst", port, ...visits }, BURST_MS));
  }

  /**
   * Connects for batches of lines at planned instants, of one line unless `depth` says otherwise; returns an id.
   *
   * @param {number} port
   * @param {Omit<Visits, "atOnce"> & { depth?: number }} shape
   */
  async openLoop(port, shape) {
    const opened = await this.controlled.ask({ do: "openLoop", port, ...shape });
    return /** @type {{ id: number }} */ (opened).id;
  }

  /** Sends at planned instants, and measures from these. @param {number} id @param {{ ms: number, perSecond: number }} plan */
  async runOpenLoop(id, plan) {
    const ran = await this.controlled.ask({ do: "runOpenLoop", id, ...plan }, OPEN_LOOP_MS);
    return /** @type {Took & { count: number, p50Ms: number, p99Ms: number }} */ (ran);
  }

  /** @param {number} id */
  async close(id) {
    await this.controlled.ask({ do: "close", id });
  }

  end() {
    return this.controlled.end();
  }
}
