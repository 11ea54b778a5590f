/**
 * A reply of many frames, asked for one at a time: each only when the session has a slice of the event loop for it, as a stream
 * that never waits would otherwise go on in microtasks for ever.
 *
 * **Owns** the iterator: it is told when nobody wants the rest.
 */
export class ReplyStream<Out> {
  /** A frame was asked for and has not come. */
  waiting = false;
  readonly #iterator: AsyncIterator<Out>;
  readonly #onStopError: (cause: unknown) => void;
  #ended = false;

  /** `onStopError` is told what the iterator's `return()` threw. @throws what making the iterator throws */
  constructor(stream: AsyncIterable<Out>, onStopError: (cause: unknown) => void) {
    this.#iterator = stream[Symbol.asyncIterator]();
    this.#onStopError = onStopError;
  }

  /** The next frame; `undefined` when there is none. @throws what the iterator throws */
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

  /** Lets the iterator clean up, unless it has ended by itself. */
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

/** Whether a reply is a stream. */
export function isStream<Out>(reply: unknown): reply is AsyncIterable<Out> {
  return typeof reply === "object" && reply !== null && Symbol.asyncIterator in reply;
}
