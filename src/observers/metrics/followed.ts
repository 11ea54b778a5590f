import { type Context, isPromiseLike, isStream, type Next, type Reply } from "../../core/mod.ts";

/**
 * The outcome of a frame: `replied` and `silent` with one frame and none, `streamed` with a stream, which has ended by itself, `failed`
 * when something threw, `aborted` when the answer was no longer wanted.
 */
type Outcome = "replied" | "silent" | "streamed" | "failed" | "aborted";

/** Follows one frame until it was answered. */
export interface Follower {
  /** Called once. */
  onEnd(outcome: Outcome, error?: unknown): void;
  /** Calls for the next frame of a stream. Without it, a stream has ended when the handler has returned it. */
  readonly pull?: <Result>(next: () => Result) => Result;
}

/** Calls the handler, and tells the follower when the frame was answered, has failed, or is no longer waited for. */
export function followed<In, Out, State>(
  frame: In,
  context: Context<Out, State>,
  next: Next<In, Out>,
  follower: Follower,
): Reply<Out> | PromiseLike<Reply<Out>> {
  const ending = new Ending(context, follower);
  try {
    const answer = next(frame, context);
    return isPromiseLike(answer) ? ending.await<Out>(answer) : ending.take<Out>(answer);
  } catch (error) {
    ending.end("failed", error);
    throw error;
  }
}

class Ending {
  readonly #context: Context<never>;
  readonly #follower: Follower;
  #signal: AbortSignal | undefined;
  #ended = false;

  constructor(context: Context<never>, follower: Follower) {
    this.#context = context;
    this.#follower = follower;
  }

  async await<Out>(answer: PromiseLike<Reply<Out>>): Promise<Reply<Out>> {
    this.#watch();
    try {
      return this.take<Out>(await answer);
    } catch (error) {
      this.end("failed", error);
      throw error;
    }
  }

  take<Out>(reply: Reply<Out>): Reply<Out> {
    if (!isStream<Out>(reply)) {
      this.end(reply === undefined ? "silent" : "replied");
      return reply;
    }
    const { pull } = this.#follower;
    if (pull === undefined) {
      this.end("streamed");
      return reply;
    }
    this.#watch();
    return this.#each(reply, pull);
  }

  end(outcome: Outcome, error?: unknown): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#signal?.removeEventListener("abort", this.#onAbort);
    this.#follower.onEnd(outcome, error);
  }

  async *#each<Out>(stream: AsyncIterable<Out>, pull: NonNullable<Follower["pull"]>): AsyncGenerator<Out, void> {
    const frames = pull(() => stream[Symbol.asyncIterator]());
    let exhausted = false;
    try {
      for (;;) {
        const result = await pull(() => frames.next());
        if (result.done === true) break;
        yield result.value;
      }
      exhausted = true;
      this.end("streamed");
    } catch (error) {
      exhausted = true;
      this.end("failed", error);
      throw error;
    } finally {
      this.end("aborted");
      if (!exhausted) await pull(() => frames.return?.());
    }
  }

  /** Watches the signal: a handler may never finish when its answer is no longer waited for. */
  #watch(): void {
    if (this.#signal !== undefined) return;
    this.#signal = this.#context.signal;
    if (this.#signal.aborted) this.#onAbort();
    else this.#signal.addEventListener("abort", this.#onAbort);
  }

  readonly #onAbort = (): void => this.end("aborted", this.#signal?.reason);
}
