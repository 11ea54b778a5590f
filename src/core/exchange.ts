import { type Codec, checkCodec, type Encoder } from "./codec.ts";
import type { SpillwayError } from "./errors.ts";
import type { Address } from "./transport.ts";

/** Which connection this is. */
export interface ConnectionInfo {
  /** Counts up from 1 within one server. */
  readonly id: number;
  readonly remoteAddress: Address;
  readonly localAddress: Address;
}

/** What a connection goes on with. */
export interface Upgrade<In, Out = In> {
  readonly codec: Codec<In, Out>;
  readonly handler: Handler<In, Out>;
  /** What is said to the other side when the server drains; the service's own `onDrain` speaks the codec that was left. */
  readonly onDrain?: (connection: ConnectionInfo) => Out | undefined | void;
}

/** What a handler is told besides its frame. */
export interface Context {
  readonly connection: ConnectionInfo;
  /**
   * Aborts while the handler works when its result is no longer wanted: its deadline passed, the connection broke, or
   * a drain was forced. The reason is a {@link SpillwayError} whose `code` says which. Made when first asked for. A listener
   * that throws is the runtime's business, and mostly the end of the process: as with every AbortSignal.
   */
  readonly signal: AbortSignal;
  /**
   * Goes on with another codec and handler: STARTTLS-like upgrades, a text handshake and then binary. Every byte behind the
   * frames that were taken so far is for the new decoder; replies to those frames still leave by the old encoder. Called
   * before the handler first awaits, or with a `concurrency` of 1, that is exactly what follows this frame. Does nothing when
   * the connection is about to end: a handler has failed, or called `close()`.
   *
   * @throws {TypeError} the handler has finished, or the present codec cannot hand over its input (see {@link Decoder})
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
  upgrade<In, Out>(to: Upgrade<In, Out>): void;
  /**
   * Ends the connection in order, as `handler-closed`, behind the reply to this frame: what `QUIT` does in many protocols. No
   * frame that was not taken yet is handled; the replies to those that were, behind this one, are void.
   *
   * @throws {TypeError} the handler has finished
   */
  close(): void;
}

/**
 * Computes: one frame in, a reply out, or nothing (`undefined`). May be asynchronous. What it throws ends the
 * connection as `handler-failed`.
 */
export type Handler<In, Out> = (
  frame: In,
  context: Context,
) => Out | undefined | void | PromiseLike<Out | undefined | void>;

/** Whose {@link Exchange}s these are. */
export interface ExchangeOwner<Out> {
  readonly connection: ConnectionInfo;
  upgrade<NewIn, NewOut>(exchange: Exchange<Out>, to: Upgrade<NewIn, NewOut>): void;
  close(exchange: Exchange<Out>): void;
}

/** One frame on its way through the handler, and what became of it. */
export class Exchange<Out> implements Context {
  /** When the handler returned a promise; only then does its deadline run. */
  startedAt = 0;
  finished = false;
  reply: Out | undefined = undefined;
  fault: SpillwayError | undefined = undefined;
  /** What comes behind the reply: the end, or replies by another encoder. */
  next: "close" | Encoder<Out> | undefined = undefined;
  readonly #owner: ExchangeOwner<Out>;
  #controller: AbortController | undefined = undefined;
  #abortedWith: SpillwayError | undefined = undefined;

  constructor(owner: ExchangeOwner<Out>) {
    this.#owner = owner;
  }

  get connection(): ConnectionInfo {
    return this.#owner.connection;
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#abortedWith !== undefined) this.#controller.abort(this.#abortedWith);
    }
    return this.#controller.signal;
  }

  upgrade<NewIn, NewOut>(to: Upgrade<NewIn, NewOut>): void {
    this.#owner.upgrade(this, to);
  }

  close(): void {
    this.#owner.close(this);
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
  }
}

/** @throws {TypeError} not what it must be */
export function checkUpgrade<In, Out>({ codec, handler, onDrain }: Upgrade<In, Out>): void {
  checkCodec(codec);
  if (typeof handler !== "function") throw new TypeError("handler must be a function");
  if (onDrain !== undefined && typeof onDrain !== "function") throw new TypeError("onDrain must be a function");
}
