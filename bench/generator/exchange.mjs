// @ts-check
import { Stopwatch } from "./stopwatch.mjs";

/** @typedef {import("bun").Socket<Exchange>} Socket */

/** @type {Uint8Array} */
const NOTHING = new Uint8Array(0);

/**
 * @typedef {object} ExchangeEvents what it tells the load that it is part of
 * @property {(exchange: Exchange) => void} onReplied a whole batch has come back
 * @property {(fault: string) => void} onFault
 * @property {(error?: Error) => void} onEnd the server has ended the connection: in order, or with an error
 */

/** One connection: sends a batch, waits for all of it to come back, and compares every byte. */
export class Exchange {
  /** Batches that came back. */
  batches = 0;
  #received = 0;
  /** The rest of the batch, which the kernel did not take. @type {Uint8Array} */
  #unsent = NOTHING;
  /** @type {Uint8Array} */
  #batch;
  #over = false;

  /** @param {Socket} socket @param {Uint8Array[]} pattern @param {ExchangeEvents} events */
  constructor(socket, pattern, events) {
    this.socket = socket;
    this.pattern = pattern;
    this.events = events;
    this.#batch = /** @type {Uint8Array} */ (pattern[0]);
  }

  /** The next batch comes although this connection does not send it. */
  expect() {
    this.#received = 0;
    this.#batch = /** @type {Uint8Array} */ (this.pattern[this.batches % this.pattern.length]);
  }

  send() {
    this.expect();
    const sent = this.socket.write(this.#batch);
    if (sent < this.#batch.length) this.#unsent = this.#batch.subarray(Math.max(0, sent));
  }

  onDrain() {
    if (this.#unsent.length === 0) return;
    this.#unsent = this.#unsent.subarray(Math.max(0, this.socket.write(this.#unsent)));
  }

  /** @param {Buffer} chunk */
  onData(chunk) {
    Stopwatch.chunks += 1;
    const from = this.#received;
    const to = from + chunk.length;
    if (to > this.#batch.length || chunk.compare(this.#batch, from, to) !== 0) {
      this.events.onFault(`a wrong reply: ${JSON.stringify(chunk.toString().slice(0, 100))}`);
      return;
    }
    this.#received = to;
    if (to < this.#batch.length) return;
    this.batches += 1;
    this.events.onReplied(this);
  }

  /** @param {Error} [error] */
  onEnd(error) {
    if (this.#over) return;
    this.#over = true;
    this.events.onEnd(error);
  }

  close() {
    this.#over = true;
    this.socket.end();
  }
}
