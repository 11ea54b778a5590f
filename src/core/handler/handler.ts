import { type Codec, checkCodec } from "../codecs/codec.ts";
import type { OptionNames } from "../options/option_names.ts";
import type { ConnectionInfo } from "../transport/connection_info.ts";
import type { EstablishStep } from "../transport/establish.ts";
import type { Session } from "./session.ts";

/** The codec, the handler and the hooks that `context.upgrade()` switches to. */
export interface Protocol<In, Out = In, State = unknown> {
  /** The codec, which decodes frames and encodes replies. */
  readonly codec: Codec<In, Out>;
  /** The function that answers each frame. */
  readonly handler: Handler<In, Out, State>;
  /**
   * Returns the goodbye when the server shuts down, unless one was said before the upgrade. The `onDrain` of the service uses the old
   * codec and is not called.
   */
  readonly onDrain?: (session: Session<Out, State>) => Out | undefined | void | PromiseLike<Out | undefined | void>;
  /** Runs at the peer's FIN, instead of the `onEnd` of the service. */
  readonly onEnd?: (session: Session<Out, State>) => Reply<Out> | PromiseLike<Reply<Out>>;
}

/** A {@link Protocol} with frames of any type. */
export interface AnyProtocol<State = unknown> {
  /** As of {@link Protocol}. */
  readonly codec: Codec<unknown, never>;
  /** As of {@link Protocol}. */
  readonly handler: Handler<never, unknown, State>;
  /** As of {@link Protocol}. */
  readonly onDrain?: (session: Session<never, State>) => unknown;
  /** As of {@link Protocol}. */
  readonly onEnd?: (session: Session<never, State>) => unknown;
}

/**
 * Returns the protocol unchanged. The types of its handler are inferred from its codec. Use it for the `protocols` of a service.
 *
 * @example
 * ```ts
 * import { defineProtocol, lines } from "spillway";
 *
 * const echo = defineProtocol({ codec: lines(), handler: (line) => line });
 * console.log(typeof echo.handler); // function
 * ```
 */
export function defineProtocol<In, Out = In, State = unknown>(
  protocol: Protocol<In, Out, State>,
): Protocol<In, Out, State> {
  return protocol;
}

/** The context of a frame. Call its methods on it, as those of {@link Session}. */
export interface Context<Out = unknown, State = unknown> {
  /** The connection that the frame came from: `session.connection`. */
  readonly connection: ConnectionInfo;
  /** The session of the connection: sends frames, and has the state of the connection. */
  readonly session: Session<Out, State>;
  /** Whether the frame is the beginning of a frame that was too long (`invalidFrame: "truncate"`). */
  readonly truncated: boolean;
  /**
   * Aborts when the result of a running handler, or of a stream that is being sent, is no longer needed: the deadline passed, the
   * connection broke, or a drain was forced. The reason is a {@link SpillwayError} with the `code` of the cause. The signal is created on
   * first access. An error that a listener throws is not caught, as with every AbortSignal, and usually ends the process.
   */
  readonly signal: AbortSignal;
  /**
   * Switches the connection to another codec and handler, for STARTTLS-like upgrades and for binary protocols after a text handshake.
   * The new decoder gets every byte behind the frames that were taken so far; replies to those frames use the old encoder. If it is
   * called before the handler first awaits, or with a `concurrency` of 1, the new codec begins exactly after this frame. It has no
   * effect when the connection is about to end because a handler has failed or called `close()`.
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
   * Takes the connection through another establish step, usually `tls()`, behind the reply to this frame, for commands such as
   * `STARTTLS`. The reply leaves in plain; everything behind it, pushes too, goes through the new connection, and
   * `connection.tls` says what was agreed. The codec and the handler stay.
   *
   * Bytes that come behind the command before its reply is sent were not sent through TLS, whoever sent them. They are not
   * handled, and the connection ends as `tls-failed`. So does one whose step throws, and after `establishTimeoutMs` it
   * ends as `establish-timeout`.
   *
   * @throws {TypeError} the handler has finished, has called this or `upgrade`, or the argument is not a step
   */
  startTls(this: object, step: EstablishStep): void;
  /**
   * Ends the connection in order, as `handler-closed`, after the reply to this frame, for commands such as `QUIT`. Frames that
   * the handler has not got yet are not handled. Replies to later frames that it has got are discarded.
   *
   * @throws {TypeError} the handler has finished
   */
  close(this: object): void;
}

/**
 * A reply: a frame, nothing (`undefined`), or a stream of frames.
 *
 * A stream keeps its place in the order of replies. Its first frame is requested when that place is reached, and each further frame
 * when there is room, so a slow reader slows it down. The handler deadline applies to each frame separately. When the rest is no
 * longer needed, `context.signal` aborts and the iterator's `return()` is called.
 */
export type Reply<Out> = Out | undefined | void | AsyncIterable<Out>;

/**
 * Takes a frame and returns a {@link Reply}, or a promise of one. An error ends the connection as `handler-failed`.
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
