import type { CloseReason } from "../errors/errors.ts";
import type { Context, Reply } from "../handler/handler.ts";
import type { Session } from "../handler/session.ts";
import type { ConnectionInfo } from "../transport/connection_info.ts";

/** What a service is told of a connection, besides its frames, and what it says on these occasions. */
export interface SessionHooks<Out = string, State = unknown> {
  /** Makes what is kept for a connection (`session.state`): called once, before anything else is told of it. */
  readonly state?: (connection: ConnectionInfo) => State;
  /**
   * A connection was accepted; no frame is taken before this is done. What it gives is sent first: a greeting. With
   * `context.close()` that is also the last: a refusal. Authentication comes later: nothing is proved yet. It has the
   * handler's deadline, and fails as a handler does.
   */
  readonly onConnect?: (
    session: Session<NoInfer<Out>, State>,
    context: Context<NoInfer<Out>, State>,
  ) => NoInfer<Out> | undefined | void | PromiseLike<NoInfer<Out> | undefined | void>;
  /**
   * The peer has sent FIN, and every frame before it is answered. What it gives is the last reply: a frame, nothing, or a
   * stream of frames. The connection ends behind it. Not called when the connection ends in another way, or during authentication.
   * It has the handler's deadline, and fails as a handler does. An upgrade has its own.
   */
  readonly onEnd?: (session: Session<Out, State>) => Reply<Out> | PromiseLike<Reply<Out>>;
  /**
   * A connection is over that `onConnect` would have been told of. A drain waits for the promise, for as long as a handler may
   * take. What it throws is reported to the observer (`handler-error`).
   */
  readonly onDisconnect?: (session: Session<NoInfer<Out>, State>, reason: CloseReason) => void | PromiseLike<void>;
  /**
   * The server drains, and this connection with it. The frame that is returned, if one is, is sent last: behind the replies
   * to all that was received, unless a handler fails or calls `close()` before. Not called for connections that are on
   * their way out already, nor for those that have another codec by now: an upgrade has its own `onDrain`. What it throws
   * is reported to the observer (`handler-error`), and the connection ends without a goodbye.
   */
  readonly onDrain?: (
    session: Session<NoInfer<Out>, State>,
  ) => NoInfer<Out> | undefined | void | PromiseLike<NoInfer<Out> | undefined | void>;
}
