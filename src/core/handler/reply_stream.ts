/**
 * A reply of many frames. It is asked for one frame at a time, within the session's slice of the event loop: a stream
 * that never waits would go on in microtasks for ever.
 *
 * **Owns** the iterator, whose `return()` is called when the rest is not wanted.
 */
export class ReplyStream<Out> {
  /** Whether a frame was asked for and has not come. */
  waiting = false;
  readonly #iterator: AsyncIterator<Out>;
  readonly #onStopError: (cause: unknown) => void;
  #ended = false;

  /** Creates the iterator. `onStopError` gets what its `return()` throws. @throws what creating the iterator throws */
  constructor(stream: AsyncIterable<Out>, onStopError: (cause: unknown) => void) {
    this.#iterator = stream[Symbol.asyncIterator]();
    this.#onStopError = onStopError;
  }

  /** Returns the next frame, or `undefined` at the end. @throws what the iterator throws */
  async next(): Promise<{ readonly frame: Out } | undefined> {
    this.waiting = true;
    try {
      if (this.#ended) return undefined;
      const result: unknown = await this.#iterator.next();
      if (!isResult<Out>(result)) throw new TypeError("a stream's next() must give an object");
      if (!result.done) return { frame: result.value };
      this.#ended = true;
    } catch (cause) {
      this.#ended = true;
      throw cause;
    } finally {
      this.waiting = false;
    }
    return undefined;
  }

  /** Calls `return()` of the iterator, unless it has ended. */
  stop(): void {
    if (this.#ended) return;
    this.#ended = true;
    void this.#return();
  }

  async #return(): Promise<void> {
    try {
      await this.#iterator.return?.();
    } catch (cause) {
      this.#onStopError(cause);
    }
  }
}

function isResult<Out>(result: unknown): result is IteratorResult<Out> {
  return typeof result === "object" && result !== null;
}

/** Returns whether a reply is a stream. */
export function isStream<Out>(reply: unknown): reply is AsyncIterable<Out> {
  return typeof reply === "object" && reply !== null && Symbol.asyncIterator in reply;
}
