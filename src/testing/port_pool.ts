import { SpillwayError } from "../core/mod.ts";

const FIRST = 49_152;
const LOWEST = 1_024;
const HIGHEST = 65_535;

/** Ports that the host chooses: each is in use once, and a port just given back is the last to be used again. */
export class PortPool {
  readonly #used = new Set<number>();
  #next = FIRST;

  /** A free port. @throws {SpillwayError} `address-not-available` when there is none */
  take(): number {
    if (this.#used.size > HIGHEST - LOWEST) {
      throw new SpillwayError("address-not-available", "every port is in use");
    }
    while (this.#used.has(this.#next)) this.#step();
    const port = this.#next;
    this.#used.add(port);
    this.#step();
    return port;
  }

  has(port: number): boolean {
    return this.#used.has(port);
  }

  /** Marks a port that somebody chose. */
  claim(port: number): void {
    this.#used.add(port);
  }

  give(port: number): void {
    this.#used.delete(port);
  }

  #step(): void {
    this.#next = this.#next === HIGHEST ? LOWEST : this.#next + 1;
  }
}
