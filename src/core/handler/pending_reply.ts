import type { SpillwayError } from "../errors/errors.ts";
import type { Exchange } from "./exchange.ts";
import type { Reply } from "./handler.ts";
import type { ReplyStream } from "./reply_stream.ts";

/** The pipeline that waits for {@link PendingReply}s. */
export interface PendingReplyOwner<Out, State> {
  onFulfilled(pending: PendingReply<Out, State>, reply: Reply<Out>): void;
  onRejected(pending: PendingReply<Out, State>, cause: unknown): void;
}

/** A frame that is not answered yet: its handler is at work, its stream is being sent, or an earlier frame is not answered. */
export class PendingReply<Out, State> {
  exchange!: Exchange<Out, State>;
  /**
   * When what is waited for was begun: an asynchronous handler, as noted at the end of its tick, or the next frame of a stream.
   * Only then does the deadline run.
   */
  startedAt: number | undefined = undefined;
  /** Whether it counts as a handler at work. */
  working = false;
  reply: Out | undefined = undefined;
  fault: SpillwayError | undefined = undefined;
  stream: ReplyStream<Out> | undefined = undefined;
  /** A promise has its callbacks: it must not be used for another frame before they were called. */
  #awaits = false;
  #owner!: PendingReplyOwner<Out, State>;

  /** From those that were given back, or a new one. */
  static take<Out, State>(
    owner: PendingReplyOwner<Out, State>,
    exchange: Exchange<Out, State>,
  ): PendingReply<Out, State> {
    const pending = (spares.pop() ?? new PendingReply()) as PendingReply<Out, State>;
    pending.#owner = owner;
    pending.exchange = exchange;
    return pending;
  }

  /** Calls the owner back when the promise settles, in a microtask. @throws what looking at the promise throws */
  await(promise: PromiseLike<Reply<Out>>): void {
    if (!isNative(promise)) return void this.#await(promise);
    this.#awaits = true;
    // As `await` would: with the method that calls back once, whatever the promise itself has under that name.
    void Promise.prototype.then.call(promise, this.#onFulfilled as never, this.#onRejected);
  }

  /** The frame is answered: what this is made of is used again. */
  giveBack(): void {
    if (this.#awaits || spares.length >= MAX_SPARES) return;
    this.startedAt = this.reply = this.fault = this.stream = undefined;
    this.working = false;
    this.exchange = NOTHING as never;
    this.#owner = NOTHING as never;
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

const NOTHING = undefined;
/** Callbacks and all: made anew for each frame they cost more than the promise that they are for. */
const spares: PendingReply<unknown, unknown>[] = [];
const MAX_SPARES = 1_024;

/** Whether an answer has still to come. */
export function isPromiseLike<Value>(answer: Value | PromiseLike<Value>): answer is PromiseLike<Value> {
  return typeof answer === "object" && answer !== null && typeof (answer as PromiseLike<Value>).then === "function";
}

/** Whether `await` would take it as it is. */
function isNative(promise: PromiseLike<unknown>): promise is Promise<unknown> {
  return promise instanceof Promise && promise.constructor === Promise;
}
