const COMPUTING = 0;
const ABORTED = 1;

/** TypeScript's library for ES2023 does not know it. */
interface AtomicsThatWait {
  waitAsync(
    numbers: Int32Array<SharedArrayBuffer>,
    index: number,
    value: number,
  ): { readonly async: false } | { readonly async: true; readonly value: Promise<unknown> };
}

/**
 * How far a worker is with a frame, in memory that both threads see.
 *
 * Only Deno needs it: it does not end a thread that computes without a pause. Such a thread can be asked to stop, through
 * `context.signal.aborted`, and who asked learns when it has.
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
   * In the worker: runs what does not pause. Out of memory, Deno cuts that off without a word: nothing catches it, nobody is
   * told, and the worker hears nothing any more. Its timers go on, so one of them ends it.
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

  /** Fulfils when the worker has come to a pause. */
  async paused(): Promise<void> {
    const wait = (Atomics as unknown as AtomicsThatWait).waitAsync(this.#numbers, COMPUTING, 1);
    if (wait.async) await wait.value;
  }

  #pause(): void {
    Atomics.store(this.#numbers, COMPUTING, 0);
    Atomics.notify(this.#numbers, COMPUTING);
  }
}
