// @ts-check

/**
 * Measures how long a load takes, and keeps this process awake meanwhile. The kernel charges the waking of a sleeping reader to
 * the process that writes: on many machines half of what a write costs. A server that answers so slowly that the generator falls
 * asleep would pay for that, and others would not; a client on another machine is not woken by a server's write.
 */
export class Stopwatch {
  /** Chunks received on all connections. */
  static chunks = 0;
  #began = performance.now();
  #turnAt = this.#began;
  #chunks = Stopwatch.chunks;
  #idleMs = 0;
  #over = false;

  constructor() {
    this.#turn();
  }

  /** Elapsed time, and the share of it in which chunks came. */
  end() {
    this.#over = true;
    const ms = performance.now() - this.#began;
    return { seconds: ms / 1000, busy: 1 - this.#idleMs / ms };
  }

  #turn() {
    if (this.#over) return;
    const now = performance.now();
    if (Stopwatch.chunks === this.#chunks) this.#idleMs += now - this.#turnAt;
    this.#chunks = Stopwatch.chunks;
    this.#turnAt = now;
    setImmediate(() => this.#turn());
  }
}
