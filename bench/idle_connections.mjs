// @ts-check
import { setTimeout as sleep } from "node:timers/promises";

/** @typedef {import("./load_generator.mjs").LoadGenerator} LoadGenerator */
/** @typedef {import("./server.mjs").Server} Server */

/** Connections of one load. */
const STEP = 250;
/** A connection on which nothing has happened for this long is idle. */
const IDLE_MS = 2_500;

/** Connections to one server, each of which has exchanged one line. */
export class IdleConnections {
  /** @type {number[]} */
  #loads = [];

  /** @param {LoadGenerator} generator @param {Server} server */
  constructor(generator, server) {
    this.generator = generator;
    this.server = server;
  }

  /** Opens so many more. @param {number} count */
  async open(count) {
    for (let opened = 0; opened < count; opened += STEP) {
      const shape = { connections: Math.min(STEP, count - opened), depth: 1, lineBytes: 64 };
      const load = await this.generator.open(this.server.port, shape);
      this.#loads.push(load);
      await this.generator.run(load, 0);
    }
  }

  /** Waits until nothing has happened on them for a while. */
  async settle() {
    await sleep(IDLE_MS);
    await this.server.collectedMemory();
  }

  /** A line on each of them, a few at a time, spread over `ms`. @param {number} ms */
  async exchange(ms) {
    const began = performance.now();
    for (const [index, load] of this.#loads.entries()) {
      await sleep(began + (ms * index) / this.#loads.length - performance.now());
      await this.generator.run(load, 0);
    }
    await sleep(began + ms - performance.now());
  }

  /** How many the server has ended in order; waits until it has ended all of them. */
  async endedInOrder() {
    let count = 0;
    for (const load of this.#loads) count += await this.generator.endedInOrder(load);
    return count;
  }

  async close() {
    for (const load of this.#loads.splice(0)) await this.generator.close(load);
  }
}
