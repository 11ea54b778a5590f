const COMPUTING = 0;
const ABORTED = 1;

/** `Atomics.waitAsync`, which TypeScript's library for ES2023 does not declare. */
interface AtomicsThatWait {
  waitAsync(
    numbers: Int32Array<SharedArrayBuffer>,
    index: number,
    value: number,
  ): { readonly async: false } | { readonly async: true; readonly value: Promise<unknown> };
}

/**
 * The progress of a worker with a frame, in memory that both threads share.
 *
 * Only Deno needs it: Deno does not end a thread that computes without a pause. The pool asks such a thread to stop, through
 * `context.signal.aborted`, and learns through `paused` when it has stopped.
 */
export class Progress {
  readonly shared: SharedArrayBuffer;
  readonly #numbers: Int32Array<SharedArrayBuffer>;

  constructor(shared: SharedArrayBuffer = new SharedArrayBuffer(8)) {
    this.shared = shared;
    this.#numbers = new Int32Array(shared);
  }

  get aborted(): boolean {
    return Atomics.load(this.#numbers, ABORTED) === 1;
  }

  /** Asks the worker to stop. */
  abort(): void {
    Atomics.store(this.#numbers, ABORTED, 1);
  }

  /**
   * Runs the synchronous part of a function, in the worker. Out of memory, Deno cuts that part off silently: no error is thrown, no
   * event is emitted, and the worker receives no more messages. Its timers still run, so a timer ends the worker.
   */
  computing<Result>(compute: () => Result): Result {
    Atomics.store(this.#numbers, COMPUTING, 1);
    const cutOff = setTimeout(() => {
      this.#pause();
      throw new Error("the function was cut off: out of memory");
    });
    try {
      return compute();
    } finally {
      clearTimeout(cutOff);
      this.#pause();
    }
  }

  /** Fulfils when the worker has paused. */
  async paused(): Promise<void> {
    const wait = (Atomics as unknown as AtomicsThatWait).waitAsync(this.#numbers, COMPUTING, 1);
    if (wait.async) await wait.value;
  }

  #pause(): void {
    Atomics.store(this.#numbers, COMPUTING, 0);
    Atomics.notify(this.#numbers, COMPUTING);
  }
}
