import type { Encoder } from "../codecs/codec.ts";
import type { SpillwayError } from "../errors/errors.ts";
import type { ConnectionInfo } from "../transport/connection_info.ts";
import type { EstablishStep } from "../transport/establish.ts";
import type { Context, Protocol, Reply } from "./handler.ts";
import type { Session } from "./session.ts";

/** A handler as the pipeline calls it: alone, or with its middleware. */
export type FrameHandler<In, Out, State> = (
  frame: In,
  exchange: Exchange<Out, State>,
) => Reply<Out> | PromiseLike<Reply<Out>>;

/** The pipeline that owns {@link Exchange}s. */
export interface ExchangeOwner<Out, State> {
  readonly session: Session<Out, State>;
  upgrade<NewIn, NewOut>(exchange: Exchange<Out, State>, to: Protocol<NewIn, NewOut, State>): void;
  close(exchange: Exchange<Out, State>): void;
  startTls(exchange: Exchange<Out, State>, step: EstablishStep): void;
}

/**
 * A frame on its way through the handler, as the handler's {@link Context}. Each frame has one, so it is small: a
 * `PendingReply` holds what only asynchronous handlers need.
 */
export class Exchange<Out, State> implements Context<Out, State> {
  /** Whether the handler has finished, or its result is no longer wanted. */
  finished = false;
  /** The step behind the reply: the end of the connection, a turn of the session, TLS, or replies by another encoder. */
  next: "close" | "turn" | EstablishStep | Encoder<Out> | undefined = undefined;
  readonly #owner: ExchangeOwner<Out, State>;
  /** The controller of `signal`, once that was asked for; before that, the reason to abort it with. */
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

  /** The name of the failed function in error messages. */
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

  startTls(step: EstablishStep): void {
    this.#owner.startTls(this, step);
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

  /** Aborts `signal`: the result is no longer wanted. */
  abort(error: SpillwayError): void {
    if (this.#abort instanceof AbortController) this.#abort.abort(error);
    else this.#abort = error;
  }
}

/** The hooks whose result is sent. `state` is called before `onConnect`. */
export type HookName = "state" | "onConnect" | "onEnd";

/** The exchange of a truncated frame. A class of its own costs other frames nothing. */
export class TruncatedExchange<Out, State> extends Exchange<Out, State> {
  override get truncated(): boolean {
    return true;
  }
}

/** The exchange of a hook, which has no frame. */
export class HookExchange<Out, State> extends Exchange<Out, State> {
  /** The hook that is being called. */
  hook: HookName;

  constructor(owner: ExchangeOwner<Out, State>, hook: HookName) {
    super(owner);
    this.hook = hook;
  }

  override get thrower(): string {
    return this.hook;
  }
}
