import type { Clock } from "./clock.ts";

/** Frames between two breaks: about a millisecond's worth of a stream that never waits for anything. */
const FRAMES_IN_A_ROW = 1_024;

/**
 * A reply of many frames, asked for one at a time. It makes breaks: a stream that never waits, to somebody who reads as
 * quickly, would go on in microtasks for ever, and nothing else would happen in the whole process.
 *
 * **Owns** the iterator: it is told when nobody wants the rest.
 */
export class ReplyStream<Out> {
  /** A frame was asked for and has not come. */
  waiting = false;
  readonly #iterator: AsyncIterator<Out>;
  readonly #clock: Clock;
  readonly #onStopError: (cause: unknown) => void;
  #inARow = 0;
  #ended = false;

  /** `onStopError` is told what the iterator's `return()` threw. @throws what making the iterator throws */
  constructor(stream: AsyncIterable<Out>, clock: Clock, onStopError: (cause: unknown) => void) {
    this.#iterator = stream[Symbol.asyncIterator]();
    this.#clock = clock;
    this.#onStopError = onStopError;
  }

  /** The next frame; `undefined` when there is none. @throws what the iterator throws */
  async next(): Promise<{ readonly frame: Out } | undefined> {
    this.waiting = true;
    try {
      if (this.#inARow === FRAMES_IN_A_ROW) await this.#break();
      if (this.#ended) return undefined;
      this.#inARow += 1;
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

  async #break(): Promise<void> {
    this.#inARow = 0;
    await new Promise<void>((resolve) => void this.#clock.setTimeout(resolve, 0));
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
