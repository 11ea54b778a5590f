import { type Codec, checkCodec } from "../codecs/codec.ts";
import type { OptionNames } from "../options/option_names.ts";
import type { ConnectionInfo } from "../transport/connection_info.ts";
import type { Session } from "./session.ts";

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
