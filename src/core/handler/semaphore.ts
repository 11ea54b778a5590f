/** A session that waits for a permit. */
export interface SemaphoreWaiter {
  /** A permit may be free. */
  onPermit(): void;
}

/**
 * Bounds the number of asynchronous handlers at work in a server.
 *
 * A session asks before it takes a frame, and acquires a permit when the handler turns out to be asynchronous. Sessions
 * wait for permits in FIFO order. A waiting session comes before one that asks for the first time.
 */
export class Semaphore {
  used = 0;
  readonly #max: number;
  readonly #waiters = new Set<SemaphoreWaiter>();
  #serving: SemaphoreWaiter | undefined;
  #scheduled = false;

  constructor(max: number) {
    this.#max = max;
  }

  /** The number of waiting sessions. */
  get waiting(): number {
    return this.#waiters.size;
  }

  /** Returns whether `waiter` may begin. If not, call `wait`. */
  isFreeFor(waiter: SemaphoreWaiter): boolean {
    return this.used < this.#max && (this.#waiters.size === 0 || this.#serving === waiter);
  }

  acquire(): void {
    this.used += 1;
  }

  release(): void {
    this.used -= 1;
    this.#schedule();
  }

  /** Queues `waiter`, whose `onPermit` is called once. */
  wait(waiter: SemaphoreWaiter): void {
    this.#waiters.add(waiter);
  }

  /** Removes `waiter` from the queue. */
  forget(waiter: SemaphoreWaiter): void {
    if (this.#waiters.delete(waiter)) this.#schedule();
  }

  /** Serves waiters in a microtask, because a permit is released in the middle of other work. */
  #schedule(): void {
    if (this.#scheduled || this.#waiters.size === 0) return;
    this.#scheduled = true;
    queueMicrotask(() => this.#serve());
  }

  #serve(): void {
    this.#scheduled = false;
    for (const waiter of this.#waiters) {
      if (this.used >= this.#max) break;
      this.#waiters.delete(waiter);
      this.#serving = waiter;
      waiter.onPermit();
      this.#serving = undefined;
    }
  }
}
