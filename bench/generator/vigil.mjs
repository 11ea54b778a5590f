// @ts-check
import { Exchange } from "./exchange.mjs";

/**
 * Keeps this process awake while a server is measured. A process that sleeps has to be woken by who writes to it, and the
 * kernel puts that on the writer's bill: on many machines half of what a write costs, for whoever answers so slowly that the
 * generator falls asleep in between, and nothing for others. Clients elsewhere are not woken by a server's write.
 */
export class Vigil {
  #began = performance.now();
  #turnAt = this.#began;
  #chunks = Exchange.chunks;
  #idleMs = 0;
  #over = false;

  constructor() {
    this.#turn();
  }

  /** How long it took, and for which share of that there was something to do. */
  end() {
    this.#over = true;
    const ms = performance.now() - this.#began;
    return { seconds: ms / 1000, busy: 1 - this.#idleMs / ms };
  }

  #turn() {
    if (this.#over) return;
    const now = performance.now();
    if (Exchange.chunks === this.#chunks) this.#idleMs += now - this.#turnAt;
    this.#chunks = Exchange.chunks;
    this.#turnAt = now;
    setImmediate(() => this.#turn());
  }
}
