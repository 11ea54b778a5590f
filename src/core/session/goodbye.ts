import { isPromiseLike } from "../handler/pending_reply.ts";

/** The session that says a {@link Goodbye}. */
export interface GoodbyeOwner<Out> {
  /** It took time to make, and is made now. */
  onGoodbye(goodbye: Goodbye<Out>): void;
  /** The hook threw: there is none. */
  onGoodbyeFailed(cause: unknown): void;
}

/** What a service says last when the server drains: the frame that `onDrain` gives, which may take time to make. */
export class Goodbye<Out> {
  /** It is being made. */
  asking = false;
  #frame: Out | undefined;

  /** Asks for it. */
  ask(onDrain: () => Out | undefined | void | PromiseLike<Out | undefined | void>, owner: GoodbyeOwner<Out>): void {
    try {
      const frame = onDrain();
      if (isPromiseLike(frame)) void this.#await(frame, owner);
      else this.#frame = frame as Out | undefined;
    } catch (cause) {
      owner.onGoodbyeFailed(cause);
    }
  }

  /** The frame, once. */
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
