import type { Context, Middleware } from "../core/mod.ts";
import { checkFunction } from "./options.ts";
import { isPromiseLike } from "./reply.ts";

/** Settings of {@link authenticate}. */
export interface AuthenticateOptions<In = string, Out = In, State = unknown> {
  /**
   * Whether the first frame of a connection is what it must be. Nothing but `true` is; what it throws ends the connection, as
   * `handler-failed`. May take its time: `context.signal` aborts when the deadline passes. What it learns, it can keep in
   * `context.session.state`.
   */
  readonly check: (frame: In, context: Context<Out, State>) => boolean | PromiseLike<boolean>;
  /** What answers a first frame that is. Default: nothing does. */
  readonly accepted?: Out;
  /** What is sent last to a connection whose first frame is not. Default: nothing is. */
  readonly refused?: Out;
}

/**
 * A middleware that asks every connection to begin with a frame that satisfies a check. Only then do frames come to what is behind
 * it; another connection ends, as `handler-closed`. All that has to be done within the server's `handshakeTimeoutMs`, counted from
 * when the connection was opened; else it ends, as `handshake-timeout`. Frames behind the first wait for the check, whatever the
 * `concurrency`.
 *
 * An `onConnect` that knows the other side already lets it in without a check: `session.completeHandshake()`.
 *
 * @throws {TypeError} `check` is not a function
 *
 * @example
 * ```ts
 * import { lines, serve } from "spillway";
 * import { authenticate } from "spillway/middleware";
 *
 * await using server = await serve({
 *   port: 0,
 *   codec: lines(),
 *   handshakeTimeoutMs: 5_000,
 *   middleware: [authenticate({ check: (line) => line === "open sesame", accepted: "come in", refused: "no" })],
 *   handler: (line) => line.toUpperCase(),
 * });
 * console.log(server.address.port > 0); // true
 * ```
 */
export function authenticate<In = string, Out = In, State = unknown>(
  options: AuthenticateOptions<In, Out, State>,
): Middleware<In, Out, State> {
  const { check, accepted, refused } = options;
  checkFunction("check", check);
  const conclude = (result: unknown, context: Context<Out, State>): Out | undefined => {
    if (result === true) {
      context.session.completeHandshake();
      return accepted;
    }
    context.close();
    return refused;
  };
  const middleware: Middleware<In, Out, State> = (frame, context, next) => {
    if (!context.session.handshaking) return next(frame, context);
    const result = check(frame, context);
    return isPromiseLike(result) ? result.then((late) => conclude(late, context)) : conclude(result, context);
  };
  return Object.assign(middleware, { handshake: true });
}
