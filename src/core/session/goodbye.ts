import { isPromiseLike } from "../time/is_promise_like.ts";

/** The session that sends a {@link Goodbye}. */
export interface GoodbyeOwner<Out> {
  /** An asynchronous `onDrain` has finished. */
  onGoodbye(goodbye: Goodbye<Out>): void;
  /** The hook threw, and there is no goodbye. */
  onGoodbyeFailed(cause: unknown): void;
}

/**
 * The result of `onDrain`, which may be asynchronous: `due → asking → asked → said`. In a grace it is said among the replies, in
 * its turn. In a drain it is the last frame before the connection ends.
 */
export class Goodbye<Out> {
  /** Whether `onDrain` was called. It is called once. */
  asked = false;
  /** Whether `onDrain` has not finished. */
  asking = false;
  /** Whether the frame was taken. */
  said = false;
  /** Its turn among the replies of a grace, while it waits for that. */
  turn: object | undefined = undefined;
  #frame: Out | undefined;

  /** Calls `onDrain`, if there is one. */
  ask(
    onDrain: (() => Out | undefined | void | PromiseLike<Out | undefined | void>) | undefined,
    owner: GoodbyeOwner<Out>,
  ): void {
    this.asked = true;
    if (onDrain === undefined) return;
    // While it runs, too: it may send, and the session must not end behind that.
    this.asking = true;
    try {
      const frame = onDrain();
      if (isPromiseLike(frame)) return void this.#await(frame, owner);
      this.#frame = frame as Out | undefined;
    } catch (cause) {
      owner.onGoodbyeFailed(cause);
    }
    this.asking = false;
  }

  /** Whether there is a frame to say that has no turn yet. */
  get ready(): boolean {
    return this.#frame !== undefined && this.turn === undefined;
  }

  /** Returns the frame, the first time. */
  take(): Out | undefined {
    const frame = this.#frame;
    this.#frame = undefined;
    this.said ||= frame !== undefined;
    return frame;
  }

  async #await(frame: PromiseLike<Out | undefined | void>, owner: GoodbyeOwner<Out>): Promise<void> {
    try {
      this.#frame = (await frame) as Out | undefined;
    } catch (cause) {
      owner.onGoodbyeFailed(cause);
    }
    this.asking = false;
    owner.onGoodbye(this);
  }
}
