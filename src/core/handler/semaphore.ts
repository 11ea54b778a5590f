/** A session that waits for a permit. */
export interface SemaphoreWaiter {
  /** One may be free now. */
  onPermit(): void;
}

/**
 * A bound on how many handlers are at work in a whole server.
 *
 * A session asks before it takes a frame, and acquires a permit once the handler turns out to be asynchronous. Sessions wait for
 * permits in FIFO order; a session that waits comes before one that asks anew.
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

  /** How many wait. */
  get waiting(): number {
    return this.#waiters.size;
  }

  /** Whether `waiter` may begin: else call `wait`. */
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

  /** Queues `waiter`: `onPermit` is called, once. */
  wait(waiter: SemaphoreWaiter): void {
    this.#waiters.add(waiter);
  }

  /** Takes `waiter` out of the queue. */
  forget(waiter: SemaphoreWaiter): void {
    if (this.#waiters.delete(waiter)) this.#schedule();
  }

  /** In a microtask of its own: whoever releases a permit is in the middle of something. */
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
