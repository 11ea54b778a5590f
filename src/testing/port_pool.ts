import { SpillwayError } from "../core/mod.ts";

const FIRST = 49_152;
const LOWEST = 1_024;
const HIGHEST = 65_535;

/** The ports that the host assigns: each is in use once, and a port just released is the last to be assigned again. */
export class PortPool {
  readonly #used = new Set<number>();
  #next = FIRST;

  /** Assigns a free port. @throws {SpillwayError} `address-not-available` when there is none */
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

  /** Marks a port as in use that the caller has chosen. */
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
