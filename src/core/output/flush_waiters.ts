interface Waiter {
  /** The number of bytes of the connection that must be written. */
  at: number;
  readonly resolve: (written: boolean) => void;
}

/** The pending calls of `flushed()`, in FIFO order, as bytes leave in order. */
export class FlushWaiters {
  #waiters: Waiter[] = [];

  /** Fulfils with true when `at` bytes are written, and with false at the `end`. */
  at(at: number): Promise<boolean> {
    return new Promise((resolve) => this.#waiters.push({ at, resolve }));
  }

  /** Notes the number of written bytes. */
  reach(bytes: number): void {
    let count = 0;
    while (count < this.#waiters.length && (this.#waiters[count] as Waiter).at <= bytes) count += 1;
    for (const { resolve } of this.#waiters.splice(0, count)) resolve(true);
  }

  /** Notes that `count` bytes behind `from` will not be written. */
  shorten(from: number, count: number): void {
    for (const waiter of this.#waiters) if (waiter.at > from) waiter.at -= count;
  }

  /** Notes that nothing more is written. */
  end(): void {
    for (const { resolve } of this.#waiters.splice(0)) resolve(false);
  }
}
