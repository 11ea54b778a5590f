import type { Connection } from "../core/mod.ts";

/** The number of open connections of each key. A key without one takes no memory. */
export class OpenCounts {
  readonly #counts = new Map<string, number>();

  /** The number of keys with an open connection. */
  get size(): number {
    return this.#counts.size;
  }

  /** Returns the number of open connections of a key. */
  of(key: string): number {
    return this.#counts.get(key) ?? 0;
  }

  /** Counts a connection until it is closed. */
  add(key: string, connection: Connection): void {
    this.#counts.set(key, this.of(key) + 1);
    void connection.closed.then(() => this.#release(key));
  }

  #release(key: string): void {
    const left = this.of(key) - 1;
    if (left === 0) this.#counts.delete(key);
    else this.#counts.set(key, left);
  }
}
