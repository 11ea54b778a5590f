interface Waiter {
  admit(): void;
  refuse(reason: unknown): void;
}

/**
 * A counting semaphore whose number of permits may change. Callers that find no permit wait in FIFO order.
 *
 * **On abort** of its signal, a waiting caller leaves the queue at once.
 */
export class Turnstile {
  #inside = 0;
  #room: number;
  readonly #line = new Set<Waiter>();
  /** Iterates over the queue. One iterator serves all steps: a new one would first skip the entries that were deleted. */
  #walk: Iterator<Waiter, undefined> = this.#line.values();
  #closedWith: Error | undefined;

  constructor(room: number) {
    this.#room = room;
  }

  get inside(): number {
    return this.#inside;
  }

  /** The number of callers that wait. */
  get waiting(): number {
    return this.#line.size;
  }

  /** The number of permits. When it shrinks, permits that were given stay. */
  get room(): number {
    return this.#room;
  }

  set room(room: number) {
    this.#room = room;
    this.#admit();
  }

  /** Fulfils with a permit, which `leave` releases. Rejects with the signal's reason, or with the error passed to `close`. */
  enter(signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#closedWith !== undefined) reject(this.#closedWith);
      else if (signal?.aborted) reject(signal.reason);
      else if (this.#inside >= this.#room) this.#wait(signal, resolve, reject);
      else {
        this.#inside += 1;
        resolve();
      }
    });
  }

  /** Releases a permit: the first caller that waits gets it. */
  leave(): void {
    this.#inside -= 1;
    this.#admit();
  }

  /** Rejects all callers that wait. */
  refuse(error: Error): void {
    for (let next = this.#next(); next !== undefined; next = this.#next()) next.refuse(error);
  }

  /** Rejects all callers, those that wait included. */
  close(error: Error): void {
    this.#closedWith = error;
    this.refuse(error);
  }

  #admit(): void {
    while (this.#inside < this.#room) {
      const next = this.#next();
      if (next === undefined) return;
      this.#inside += 1;
      next.admit();
    }
  }

  #wait(signal: AbortSignal | undefined, resolve: () => void, reject: (reason: unknown) => void): void {
    const onAbort = () => {
      this.#line.delete(waiter);
      reject(signal?.reason);
    };
    const waiter: Waiter = {
      admit: () => {
        signal?.removeEventListener("abort", onAbort);
        resolve();
      },
      refuse: (reason) => {
        signal?.removeEventListener("abort", onAbort);
        reject(reason);
      },
    };
    signal?.addEventListener("abort", onAbort, { once: true });
    this.#line.add(waiter);
  }

  #next(): Waiter | undefined {
    if (this.#line.size === 0) return undefined;
    const next = this.#step() ?? this.#step();
    if (next !== undefined) this.#line.delete(next);
    return next;
  }

  /** Takes one step; undefined at the end of the queue, where the iterator is exhausted and replaced. */
  #step(): Waiter | undefined {
    const step = this.#walk.next();
    if (!step.done) return step.value;
    this.#walk = this.#line.values();
    return undefined;
  }
}
