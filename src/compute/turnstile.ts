interface Waiter {
  admit(): void;
  refuse(reason: unknown): void;
}

/**
 * Lets so many in at once; who finds it full stands in line, and the first in line is the next one in.
 *
 * **On abort** of its signal, who waits leaves the line at once.
 */
export class Turnstile {
  #inside = 0;
  readonly #room: number;
  readonly #line = new Set<Waiter>();
  /** Walks along the line, once for all: a new walk would begin with looking for the first that is still there. */
  #walk: Iterator<Waiter, undefined> = this.#line.values();
  #closedWith: Error | undefined;

  constructor(room: number) {
    this.#room = room;
  }

  get inside(): number {
    return this.#inside;
  }

  /** How many stand in line. */
  get waiting(): number {
    return this.#line.size;
  }

  /** Fulfils inside: `leave` is then due. Rejects with the signal's reason, or with what the turnstile was closed with. */
  enter(signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#closedWith !== undefined) reject(this.#closedWith);
      else if (signal?.aborted) reject(signal.reason);
      else if (this.#inside === this.#room) this.#wait(signal, resolve, reject);
      else {
        this.#inside += 1;
        resolve();
      }
    });
  }

  /** Makes room for the first in line. */
  leave(): void {
    const next = this.#next();
    if (next === undefined) this.#inside -= 1;
    else next.admit();
  }

  /** Lets nobody in any more, those in line included. */
  close(error: Error): void {
    this.#closedWith = error;
    for (let next = this.#next(); next !== undefined; next = this.#next()) next.refuse(error);
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

  /** A walk that has been at the end of the line is over. */
  #step(): Waiter | undefined {
    const step = this.#walk.next();
    if (!step.done) return step.value;
    this.#walk = this.#line.values();
    return undefined;
  }
}
