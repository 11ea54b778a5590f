// @ts-check
import { cpuMicros } from "../control.mjs";
import { Exchange } from "./exchange.mjs";
import { pattern } from "./pattern.mjs";

/** Connections that are being opened at the same time: below the smallest backlog. */
const OPENING = 100;

/** @typedef {import("../load_generator.mjs").Shape & { port: number }} LoadOptions */

/** A number of connections to one server, all of which do the same. */
export class Load {
  /** @type {Exchange[]} */
  #exchanges = [];
  #running = false;
  /** Batches on their way. */
  #active = 0;
  /** @type {string | undefined} */
  #fault;
  /** Ends the run in progress. */
  #onEnd = () => {};

  /** @param {LoadOptions} options */
  static async open(options) {
    const load = new Load();
    for (let opened = 0; opened < options.connections; opened += OPENING) {
      const count = Math.min(OPENING, options.connections - opened);
      await Promise.all(Array.from({ length: count }, (_, index) => load.#connect(options, opened + index)));
    }
    return load;
  }

  /** Keeps every connection busy for `ms`; 0: one batch on each. @param {number} ms */
  async run(ms) {
    const batchesBefore = this.#batches();
    const cpuBefore = cpuMicros();
    const began = performance.now();
    await this.#exchangeFor(ms);
    if (this.#fault !== undefined) throw new Error(this.#fault);
    const seconds = (performance.now() - began) / 1000;
    return { batches: this.#batches() - batchesBefore, seconds, busy: (cpuMicros() - cpuBefore) / 1e6 / seconds };
  }

  close() {
    for (const exchange of this.#exchanges) exchange.close();
  }

  /** @param {LoadOptions} options @param {number} index */
  async #connect({ port, depth, lineBytes }, index) {
    /** @type {import("bun").SocketHandler<Exchange>} */
    const handlers = {
      binaryType: "buffer",
      data: (socket, chunk) => socket.data.onData(chunk),
      drain: (socket) => socket.data?.onDrain(),
      close: (socket) => socket.data?.onEnd(),
      error: (_, error) => this.#fail(String(error)),
      connectError: () => {},
    };
    const socket = await Bun.connect({ hostname: "127.0.0.1", port, socket: handlers });
    socket.data = new Exchange(socket, pattern(index, depth, lineBytes), {
      onReplied: (exchange) => this.#replied(exchange),
      onFault: (fault) => this.#fail(fault),
    });
    this.#exchanges.push(socket.data);
  }

  /** @param {number} ms @returns {Promise<void>} */
  #exchangeFor(ms) {
    return new Promise((resolve) => {
      this.#onEnd = resolve;
      if (this.#fault !== undefined) return resolve();
      this.#running = ms > 0;
      if (ms > 0) setTimeout(() => (this.#running = false), ms);
      this.#active = this.#exchanges.length;
      for (const exchange of this.#exchanges) exchange.send();
    });
  }

  /** @param {Exchange} exchange */
  #replied(exchange) {
    if (this.#running) return exchange.send();
    this.#active -= 1;
    if (this.#active === 0) this.#onEnd();
  }

  /** @param {string} fault */
  #fail(fault) {
    this.#fault ??= fault;
    this.#running = false;
    this.#onEnd();
  }

  #batches() {
    return this.#exchanges.reduce((sum, exchange) => sum + exchange.batches, 0);
  }
}
