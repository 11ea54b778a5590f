import type { CloseReason } from "../errors/errors.ts";
import type { Context, Reply } from "../handler/handler.ts";
import type { Session } from "../handler/session.ts";
import type { ConnectionInfo } from "../transport/connection_info.ts";

/** The state of a connection, and the hooks that run during its life. */
export interface SessionHooks<Out = string, State = unknown> {
  /** Creates the state of a connection (`session.state`). Called once, before the other hooks. Default: none. */
  readonly state?: (connection: ConnectionInfo) => State;
  /**
   * Runs when a connection was accepted. No frame is handled before it has finished. Its result, a greeting, is sent first. With
   * `context.close()` the result, a refusal, is also the last frame. It runs before authentication. It has the handler deadline, and an
   * error has the same effect as in a handler. Default: none.
   */
  readonly onConnect?: (
    session: Session<NoInfer<Out>, State>,
    context: Context<NoInfer<Out>, State>,
  ) => NoInfer<Out> | undefined | void | PromiseLike<NoInfer<Out> | undefined | void>;
  /**
   * Runs when the peer has sent FIN and every earlier frame is answered. Its result, a frame, nothing, or a stream of frames, is the
   * last reply, after which the connection ends. It does not run when the connection ends in another way, or during authentication.
   * It has the handler deadline, and an error has the same effect as in a handler. An upgrade has its own. Default: none.
   */
  readonly onEnd?: (session: Session<Out, State>) => Reply<Out> | PromiseLike<Reply<Out>>;
  /**
   * Runs when a connection has ended, for every connection for which `onConnect` would run. A drain waits for its promise, at most for
   * the handler deadline. An error is reported to the observer (`handler-error`). Default: none.
   */
  readonly onDisconnect?: (session: Session<NoInfer<Out>, State>, reason: CloseReason) => void | PromiseLike<void>;
  /**
   * Runs once, when the server shuts down. Its result is a goodbye.
   *
   * - Without `graceMs` it runs when the connection drains. The goodbye is the last frame, after the replies to all received frames,
   *   unless a handler fails or calls `close()` before.
   * - With `graceMs` it runs when the grace begins, or later when `onConnect` and authentication are complete. The goodbye is sent behind
   *   the replies to the frames that were handled before, and replies to later frames follow it: peers must be able to tell it from a
   *   reply. A hook that needs the last frame calls `session.close()`, which ends the connection behind its goodbye, or awaits
   *   `session.draining`.
   *
   * It does not run for connections that are already ending, nor after an upgrade, which has its own `onDrain`. An error is reported to
   * the observer (`handler-error`), and there is no goodbye. Default: none.
   */
  readonly onDrain?: (
    session: Session<NoInfer<Out>, State>,
  ) => NoInfer<Out> | undefined | void | PromiseLike<NoInfer<Out> | undefined | void>;
}

/** Returns the hooks among the options of a service, or `undefined` without any: sessions then call none. */
export function hooksOf<Out, State>(options: SessionHooks<Out, State>): SessionHooks<Out, State> | undefined {
  const { state, onConnect, onDisconnect, onDrain, onEnd } = options;
  return (state ?? onConnect ?? onDisconnect ?? onDrain ?? onEnd) === undefined ? undefined : options;
}
