import { isPromiseLike } from "../time/is_promise_like.ts";

/** The session that sends a {@link Goodbye}. */
export interface GoodbyeOwner<Out> {
  /** An asynchronous `onDrain` has finished. */
  onGoodbye(goodbye: Goodbye<Out>): void;
  /** The hook threw, and there is no goodbye. */
  onGoodbyeFailed(cause: unknown): void;
}

/** The last frame before a drained connection ends: the result of `onDrain`, which may be asynchronous. */
export class Goodbye<Out> {
  /** Whether `onDrain` has not finished. */
  asking = false;
  #frame: Out | undefined;

  /** Calls `onDrain`. */
  ask(onDrain: () => Out | undefined | void | PromiseLike<Out | undefined | void>, owner: GoodbyeOwner<Out>): void {
    try {
      const frame = onDrain();
      if (isPromiseLike(frame)) void this.#await(frame, owner);
      else this.#frame = frame as Out | undefined;
    } catch (cause) {
      owner.onGoodbyeFailed(cause);
    }
  }

  /** Returns the frame, the first time. */
  take(): Out | undefined {
    const frame = this.#frame;
    this.#frame = undefined;
    return frame;
  }

  async #await(frame: PromiseLike<Out | undefined | void>, owner: GoodbyeOwner<Out>): Promise<void> {
    this.asking = true;
    try {
      this.#frame = (await frame) as Out | undefined;
    } catch (cause) {
      owner.onGoodbyeFailed(cause);
    }
    this.asking = false;
    owner.onGoodbye(this);
  }
}
