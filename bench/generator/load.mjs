// @ts-check
import { connect } from "./connect.mjs";
import { pattern } from "./pattern.mjs";
import { Stopwatch } from "./stopwatch.mjs";

/** Connections that are being opened at the same time: below the smallest backlog. */
const OPENING = 100;

/** @typedef {import("./exchange.mjs").Exchange} Exchange */
/** @typedef {import("../load_generator.mjs").Shape & { port: number }} LoadOptions */

/** A number of connections to one server, all of which do the same. */
export class Load {
  /** @type {Exchange[]} */
  #exchanges = [];
  #running = false;
  /** Batches that were sent and have not come back. */
  #active = 0;
  /** Connections that the server ended, and how many of them it ended in order. */
  #gone = 0;
  #endedInOrder = 0;
  /** @type {string | undefined} */
  #fault;
  /** Ends the run in progress. */
  #onEnd = () => {};

  /** @param {LoadOptions} options */
  constructor({ broadcast = false }) {
    this.broadcast = broadcast;
  }

  /** @param {LoadOptions} options */
  static async open(options) {
    const load = new Load(options);
    const others = options.connections - 1;
    for (let opened = 0; opened < others; opened += OPENING) {
      const count = Math.min(OPENING, others - opened);
      await Promise.all(Array.from({ length: count }, (_, index) => load.#connect(options, opened + index)));
    }
    // Servers accept in order: a server that answers on this connection has accepted all others.
    await load.#connect(options, others);
    return load;
  }

  /** Keeps every connection busy for `ms`; 0: one batch on each. @param {number} ms */
  async run(ms) {
    const batchesBefore = this.#batches();
    const stopwatch = new Stopwatch();
    await this.#exchangeFor(ms);
    const took = stopwatch.end();
    if (this.#fault !== undefined) throw new Error(this.#fault);
    return { batches: this.#batches() - batchesBefore, ...took };
  }

  /** Waits until the server has ended every connection. @returns {Promise<{ inOrder: number }>} */
  ended() {
    return new Promise((resolve) => {
      this.#onEnd = () => {
        if (this.#gone === this.#exchanges.length) resolve({ inOrder: this.#endedInOrder });
      };
      this.#onEnd();
    });
  }

  close() {
    for (const exchange of this.#exchanges) exchange.close();
  }

  /** @param {LoadOptions} options @param {number} index */
  async #connect({ port, tls, ...shape }, index) {
    const events = {
      onReplied: (/** @type {Exchange} */ one) => this.#replied(one),
      onFault: (/** @type {string} */ fault) => this.#fail(fault),
      onEnd: (/** @type {Error | undefined} */ error) => this.#gotEnd(error),
    };
    const exchange = await connect(port, pattern(this.broadcast ? 0 : index, shape), events, tls);
    this.#exchanges.push(exchange);
  }

  /** @param {number} ms @returns {Promise<void>} */
  #exchangeFor(ms) {
    return new Promise((resolve) => {
      this.#onEnd = resolve;
      if (this.#fault !== undefined) return resolve();
      this.#running = ms > 0;
      if (ms > 0) setTimeout(() => (this.#running = false), ms);
      this.#start();
    });
  }

  #start() {
    this.#active = this.#exchanges.length;
    for (const exchange of this.#exchanges) {
      if (this.broadcast) exchange.expect();
      else exchange.send();
    }
    if (this.broadcast) this.#exchanges.at(-1)?.send();
  }

  /** @param {Exchange} exchange */
  #replied(exchange) {
    if (this.#running && !this.broadcast) return exchange.send();
    this.#active -= 1;
    if (this.#active > 0) return;
    if (this.#running) this.#start();
    else this.#onEnd();
  }

  /** @param {Error} [error] */
  #gotEnd(error) {
    this.#gone += 1;
    if (error === undefined) this.#endedInOrder += 1;
    this.#fail(`the server closed a connection${error === undefined ? "" : `: ${error}`}`);
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
