interface Waiter {
  /** So many bytes of the connection must be written. */
  at: number;
  readonly resolve: (written: boolean) => void;
}

/** Who waits for what was sent to be written: first come, first served, as bytes leave in order. */
export class FlushWaiters {
  #waiters: Waiter[] = [];

  /** Fulfils with true when `at` bytes are written, with false at the `end`. */
  at(at: number): Promise<boolean> {
    return new Promise((resolve) => this.#waiters.push({ at, resolve }));
  }

  /** So many bytes are written. */
  reach(bytes: number): void {
    let count = 0;
    while (count < this.#waiters.length && (this.#waiters[count] as Waiter).at <= bytes) count += 1;
    for (const { resolve } of this.#waiters.splice(0, count)) resolve(true);
  }

  /** `count` bytes that were to be written behind `from` will not be. */
  shorten(from: number, count: number): void {
    for (const waiter of this.#waiters) if (waiter.at > from) waiter.at -= count;
  }

  /** No more is written. */
  end(): void {
    for (const { resolve } of this.#waiters.splice(0)) resolve(false);
  }
}
