import type { SpillwayError } from "../errors/errors.ts";
import type { Exchange } from "./exchange.ts";
import type { Reply } from "./handler.ts";
import type { ReplyStream } from "./reply_stream.ts";

/** The pipeline that owns {@link PendingReply}s. */
export interface PendingReplyOwner<Out, State> {
  onFulfilled(pending: PendingReply<Out, State>, reply: Reply<Out>): void;
  onRejected(pending: PendingReply<Out, State>, cause: unknown): void;
}

/**
 * A frame that is not answered yet: its handler is at work, its stream is being sent, or it waits for an earlier frame.
 */
export class PendingReply<Out, State> {
  exchange!: Exchange<Out, State>;
  /**
   * The instant at which the handler began, as noted at the end of its tick, or at which the next frame of the stream
   * was asked for. The handler's deadline runs only then.
   */
  startedAt: number | undefined = undefined;
  /** Whether it holds a permit, as a handler at work. */
  working = false;
  reply: Out | undefined = undefined;
  fault: SpillwayError | undefined = undefined;
  stream: ReplyStream<Out> | undefined = undefined;
  /** Whether a promise holds its callbacks. It must not be reused before they are called. */
  #awaits = false;
  #owner!: PendingReplyOwner<Out, State>;

  /** Returns a reused object, or a new one. */
  static take<Out, State>(
    owner: PendingReplyOwner<Out, State>,
    exchange: Exchange<Out, State>,
  ): PendingReply<Out, State> {
    const pending = (spares.pop() ?? new PendingReply()) as PendingReply<Out, State>;
    pending.#owner = owner;
    pending.exchange = exchange;
    return pending;
  }

  /** Calls the owner when the promise settles, in a microtask. @throws what inspecting the promise throws */
  await(promise: PromiseLike<Reply<Out>>): void {
    if (!isNative(promise)) return void this.#await(promise);
    this.#awaits = true;
    // As `await` does: with the method that calls back once, whatever the promise has under that name.
    void Promise.prototype.then.call(promise, this.#onFulfilled as never, this.#onRejected);
  }

  /** Makes the object available for reuse: its frame is answered. */
  giveBack(): void {
    if (this.#awaits || spares.length >= MAX_SPARES) return;
    this.startedAt = this.reply = this.fault = this.stream = undefined;
    this.working = false;
    this.exchange = this.#owner = undefined as never;
    spares.push(this as PendingReply<unknown, unknown>);
  }

  readonly #onFulfilled = (reply: Reply<Out>): void => {
    this.#awaits = false;
    this.#owner.onFulfilled(this, reply);
  };

  readonly #onRejected = (cause: unknown): void => {
    this.#awaits = false;
    this.#owner.onRejected(this, cause);
  };

  async #await(promise: PromiseLike<Reply<Out>>): Promise<void> {
    let reply: Reply<Out>;
    this.#awaits = true;
    try {
      reply = await promise;
    } catch (cause) {
      return this.#onRejected(cause);
    }
    this.#onFulfilled(reply);
  }
}

/** Objects with their callbacks. Made for each frame, the callbacks cost more than the promise. */
const spares: PendingReply<unknown, unknown>[] = [];
const MAX_SPARES = 1_024;

/** Returns whether `await` takes the promise as it is. */
function isNative(promise: PromiseLike<unknown>): promise is Promise<unknown> {
  return promise instanceof Promise && promise.constructor === Promise;
}
