import { type Codec, checkCodec, type Encoder } from "../codecs/codec.ts";
import type { SpillwayError } from "../errors/errors.ts";
import type { OptionNames } from "../options/option_names.ts";
import type { Session } from "../session/session.ts";
import type { Address } from "../transport/transport.ts";
import type { ReplyStream } from "./reply_stream.ts";

/** Which connection this is. */
export interface ConnectionInfo {
  /** Counts up from 1 within one server. */
  readonly id: number;
  readonly remoteAddress: Address;
  readonly localAddress: Address;
}

/** What a connection speaks: how frames are marked, and what answers them. What `context.upgrade()` switches to. */
export interface Protocol<In, Out = In, State = unknown> {
  readonly codec: Codec<In, Out>;
  readonly handler: Handler<In, Out, State>;
  /** What is said to the peer when the server drains; the service's own `onDrain` speaks the codec that was left. */
  readonly onDrain?: (session: Session<Out, State>) => Out | undefined | void | PromiseLike<Out | undefined | void>;
  /** What is done at the peer's FIN: see `onEnd` of the service, whose own is not called any more. */
  readonly onEnd?: (session: Session<Out, State>) => Reply<Out> | PromiseLike<Reply<Out>>;
}

/** What a handler is told besides its frame. Its methods are called on it, as those of {@link Session} are. */
export interface Context<Out = unknown, State = unknown> {
  /** Which connection the frame came from: `session.connection`. */
  readonly connection: ConnectionInfo;
  /** The connection itself: what can be sent to it, and what is kept for it. */
  readonly session: Session<Out, State>;
  /** Whether the frame is only the beginning of one that was too long (`invalidFrame: "truncate"`). */
  readonly truncated: boolean;
  /**
   * Aborts while the handler works, or its stream is being sent, when its result is no longer wanted: its deadline passed, the
   * connection broke, or a drain was forced. The reason is a {@link SpillwayError} whose `code` says which. Made when first asked for. A listener
   * that throws is the runtime's business, and mostly the end of the process: as with every AbortSignal.
   */
  readonly signal: AbortSignal;
  /**
   * Goes on with another codec and handler: STARTTLS-like upgrades, a text handshake and then binary. Every byte behind the
   * frames that were taken so far is for the new decoder; replies to those frames still leave by the old encoder. Called
   * before the handler first awaits, or with a `concurrency` of 1, that is exactly what follows this frame. Does nothing when
   * the connection is about to end: a handler has failed, or called `close()`.
   *
   * @throws {TypeError} the handler has finished, the present codec cannot hand over its input (see {@link Decoder}), or the
   * new one cannot do what `invalidFrame` asks for
   *
   * @example
   * ```ts
   * import { type Handler, lines } from "spillway";
   *
   * const bytes = { codec: lines({ encoding: "bytes" }), handler: (line: Uint8Array) => line } as const;
   * const handshake: Handler<string, string> = (line, context) => {
   *   if (line !== "BYTES") return "say BYTES";
   *   context.upgrade(bytes);
   *   return "go on";
   * };
   * console.log(handshake.length); // 2
   * ```
   */
  upgrade<NewIn, NewOut>(this: object, to: Protocol<NewIn, NewOut, State>): void;
  /**
   * Ends the connection in order, as `handler-closed`, behind the reply to this frame: what a `QUIT` mostly does. No
   * frame that was not taken yet is handled; the replies to those that were, behind this one, are void.
   *
   * @throws {TypeError} the handler has finished
   */
  close(this: object): void;
}

/**
 * What answers a frame: a frame, nothing (`undefined`), or a stream of frames.
 *
 * A stream keeps its place in the order of replies. It is asked for its first frame when that place has come, and for each
 * further one when there is room for it: a slow reader slows it down. The handler deadline runs while a frame is waited for,
 * anew for each. When nobody wants the rest, `context.signal` aborts and the iterator's `return()` is called.
 */
export type Reply<Out> = Out | undefined | void | AsyncIterable<Out>;

/**
 * Computes: one frame in, a {@link Reply} out. May be asynchronous. What it throws ends the connection as `handler-failed`.
 */
export type Handler<In, Out, State = unknown> = (
  frame: In,
  context: Context<Out, State>,
) => Reply<Out> | PromiseLike<Reply<Out>>;

/** A handler as a session calls it: alone, or with middleware around it. */
export type FrameHandler<In, Out, State> = (
  frame: In,
  exchange: Exchange<Out, State>,
) => Reply<Out> | PromiseLike<Reply<Out>>;

/** Whose {@link Exchange}s these are. */
export interface ExchangeOwner<Out, State> {
  readonly session: Session<Out, State>;
  upgrade<NewIn, NewOut>(exchange: Exchange<Out, State>, to: Protocol<NewIn, NewOut, State>): void;
  close(exchange: Exchange<Out, State>): void;
}

/** One frame on its way through the handler, and what became of it. */
export class Exchange<Out, State> implements Context<Out, State> {
  /**
   * When what we wait for was begun: an asynchronous handler, as noted at the end of its tick, or the next frame of a stream.
   * Only then does the deadline run.
   */
  startedAt: number | undefined = undefined;
  /** Whether it counts as a handler at work. */
  working = false;
  finished = false;
  stream: ReplyStream<Out> | undefined = undefined;
  reply: Out | undefined = undefined;
  fault: SpillwayError | undefined = undefined;
  /** What comes behind the reply: the end, or replies by another encoder. */
  next: "close" | Encoder<Out> | undefined = undefined;
  readonly #owner: ExchangeOwner<Out, State>;
  #controller: AbortController | undefined = undefined;
  #abortedWith: SpillwayError | undefined = undefined;

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
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#abortedWith !== undefined) this.#controller.abort(this.#abortedWith);
    }
    return this.#controller.signal;
  }

  upgrade<NewIn, NewOut>(to: Protocol<NewIn, NewOut, State>): void {
    this.#owner.upgrade(this, to);
  }

  close(): void {
    this.#owner.close(this);
  }

  /** @throws {TypeError | SpillwayError} the frame is answered, or nobody waits for that any more */
  checkOpen(): void {
    if (!this.finished) return;
    throw this.#abortedWith ?? new TypeError("next() must be called before the frame is answered");
  }

  /** @throws {TypeError} its handler has finished */
  checkUnfinished(call: string): void {
    if (this.finished) throw new TypeError(`${call}() must be called before the handler has finished`);
  }

  succeed(reply: Out | undefined): void {
    if (this.finished) return;
    this.finished = true;
    this.reply = reply;
  }

  fail(error: SpillwayError): void {
    if (this.finished) return;
    this.finished = true;
    this.fault = error;
  }

  /** Nobody waits for the result any more. */
  abort(error: SpillwayError): void {
    this.#abortedWith = error;
    this.#controller?.abort(error);
    this.stream?.stop();
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

/** The options of `context.upgrade()`. */
export const PROTOCOL_OPTIONS: OptionNames<Protocol<never>> = {
  codec: true,
  handler: true,
  onDrain: true,
  onEnd: true,
};

/** @throws {TypeError} not what it must be */
export function checkProtocol<In, Out, State>({ codec, handler, onDrain, onEnd }: Protocol<In, Out, State>): void {
  checkCodec(codec);
  if (typeof handler !== "function") throw new TypeError("handler must be a function");
  if (onDrain !== undefined && typeof onDrain !== "function") throw new TypeError("onDrain must be a function");
  if (onEnd !== undefined && typeof onEnd !== "function") throw new TypeError("onEnd must be a function");
}
