import type { Encoder } from "../codecs/codec.ts";
import type { SpillwayError } from "../errors/errors.ts";
import type { ConnectionInfo } from "../transport/connection_info.ts";
import type { Context, Protocol, Reply } from "./handler.ts";
import type { Session } from "./session.ts";

/** A handler as a session calls it: alone, or with middleware around it. */
export type FrameHandler<In, Out, State> = (
  frame: In,
  exchange: Exchange<Out, State>,
) => Reply<Out> | PromiseLike<Reply<Out>>;

/** The pipeline whose {@link Exchange}s these are. */
export interface ExchangeOwner<Out, State> {
  readonly session: Session<Out, State>;
  upgrade<NewIn, NewOut>(exchange: Exchange<Out, State>, to: Protocol<NewIn, NewOut, State>): void;
  close(exchange: Exchange<Out, State>): void;
}

/**
 * One frame on its way through the handler, as its {@link Context}. Every frame has one, so it is small: what only an
 * asynchronous handler needs is in a `PendingReply`.
 */
export class Exchange<Out, State> implements Context<Out, State> {
  /** The handler has finished, or its result is not wanted any more. */
  finished = false;
  /** What comes behind the reply: the end, or replies by another encoder. */
  next: "close" | Encoder<Out> | undefined = undefined;
  readonly #owner: ExchangeOwner<Out, State>;
  /** What aborts `signal`, once that was asked for; before, what it will be aborted with. */
  #abort: AbortController | SpillwayError | undefined = undefined;

  constructor(owner: ExchangeOwner<Out, State>) {
    this.#owner = owner;
  }

  get connection(): ConnectionInfo {
    return this.#owner.session.connection;
  }

  get session(): Session<Out, State> {
    return this.#owner.session;
  }

  get truncated(): boolean {
    return false;
  }

  /** What an error message calls the function whose result this is. */
  get thrower(): string {
    return "the handler";
  }

  get signal(): AbortSignal {
    if (this.#abort instanceof AbortController) return this.#abort.signal;
    const controller = new AbortController();
    if (this.#abort !== undefined) controller.abort(this.#abort);
    this.#abort = controller;
    return controller.signal;
  }

  upgrade<NewIn, NewOut>(to: Protocol<NewIn, NewOut, State>): void {
    this.#owner.upgrade(this, to);
  }

  close(): void {
    this.#owner.close(this);
  }

  /** @throws {TypeError | SpillwayError} the frame is answered, or the answer is not wanted any more */
  checkOpen(): void {
    if (!this.finished) return;
    const reason = this.#abort instanceof AbortController ? (this.#abort.signal.reason as SpillwayError) : this.#abort;
    throw reason ?? new TypeError("next() must be called before the frame is answered");
  }

  /** @throws {TypeError} its handler has finished */
  checkUnfinished(call: string): void {
    if (this.finished) throw new TypeError(`${call}() must be called before the handler has finished`);
  }

  /** The result is not wanted any more. */
  abort(error: SpillwayError): void {
    if (this.#abort instanceof AbortController) this.#abort.abort(error);
    else this.#abort = error;
  }
}

/** The functions of a service whose result is sent, and that no frame calls; `state` goes before `onConnect`. */
export type HookName = "state" | "onConnect" | "onEnd";

/** One whose frame is the beginning of a longer one. A class of its own costs the others nothing. */
export class TruncatedExchange<Out, State> extends Exchange<Out, State> {
  override get truncated(): boolean {
    return true;
  }
}

/** What a hook answers, which no frame asked for. */
export class HookExchange<Out, State> extends Exchange<Out, State> {
  /** The hook that is called. */
  hook: HookName;

  constructor(owner: ExchangeOwner<Out, State>, hook: HookName) {
    super(owner);
    this.hook = hook;
  }

  override get thrower(): string {
    return this.hook;
  }
}
