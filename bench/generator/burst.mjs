// @ts-check
import { connect } from "./connect.mjs";
import { pattern } from "./pattern.mjs";
import { Stopwatch } from "./stopwatch.mjs";

/** @typedef {import("./exchange.mjs").Exchange} Exchange */

/** Connections that open as fast as a backlog takes them, and exchange one line each as soon as they are open. */
export class Burst {
  /** @type {Exchange[]} */
  #exchanges = [];
  /** @type {{ seconds: number, busy: number }} */
  took = { seconds: 0, busy: 0 };

  /**
   * Rejects when a connection is refused, or not answered.
   *
   * @param {import("../load_generator.mjs").Visits & { port: number }} options
   */
  static async open({ port, connections, atOnce, lineBytes }) {
    const burst = new Burst();
    const patterns = Array.from({ length: connections }, (_, index) =>
      pattern(index, { connections, depth: 1, lineBytes }).slice(0, 1),
    );
    const openAll = async () => {
      for (let lines = patterns.pop(); lines !== undefined; lines = patterns.pop()) await burst.#exchange(port, lines);
    };
    const stopwatch = new Stopwatch();
    try {
      await Promise.all(Array.from({ length: atOnce }, openAll));
    } catch (error) {
      patterns.length = 0;
      burst.close();
      throw error;
    } finally {
      burst.took = stopwatch.end();
    }
    return burst;
  }

  close() {
    for (const exchange of this.#exchanges) exchange.close();
  }

  /** @param {number} port @param {Uint8Array[]} lines */
  async #exchange(port, lines) {
    const { promise, resolve, reject } = Promise.withResolvers();
    const exchange = await connect(port, lines, {
      onReplied: resolve,
      onFault: (fault) => reject(new Error(fault)),
      onEnd: (error) => reject(error ?? new Error("the server closed a connection")),
    });
    this.#exchanges.push(exchange);
    exchange.send();
    await promise;
  }
}
