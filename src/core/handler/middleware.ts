import type { Exchange, FrameHandler } from "./exchange.ts";
import type { Context, Handler, Reply } from "./handler.ts";

/**
 * Calls the next middleware, or the handler behind the last one, and returns its reply. Without a `context`, it passes
 * on the context of the calling middleware. Call it once, before the frame is answered.
 *
 * @throws {TypeError} it was called before for this frame, or the frame is answered
 * @throws {SpillwayError} the result is no longer wanted; the same as the reason of `context.signal`
 * @throws what the next middleware throws
 */
export type Next<In, Out = In> = (frame: In, context?: Context<Out>) => Reply<Out> | PromiseLike<Reply<Out>>;

/**
 * A function around a handler. It may inspect a frame, pass it or another one on (`next`), and return the reply that comes
 * back or another one. If it does not call `next`, the handler does not get the frame. It may be asynchronous, and fails as
 * a handler does.
 *
 * @typeParam In the frames that arrive
 * @typeParam Out the frames that are sent
 * @typeParam State what the service keeps for each connection
 *
 * @example
 * ```ts
 * import { lines, type Middleware, serve } from "spillway";
 *
 * const numbered: Middleware<string> = async (line, context, next) => `${line.length}: ${await next(line, context)}`;
 * const trimmed: Middleware<string> = (line, _, next) => next(line.trim());
 *
 * await using server = await serve({
 *   port: 0,
 *   codec: lines(),
 *   middleware: [trimmed, numbered],
 *   handler: (line) => line.toUpperCase(),
 * });
 * console.log(server.address.port > 0); // true
 * ```
 */
export interface Middleware<In, Out = In, State = unknown> {
  (frame: In, context: Context<Out, State>, next: Next<In, Out>): Reply<Out> | PromiseLike<Reply<Out>>;
  /**
   * Whether connections begin with authentication, which the middleware completes with
   * `session.completeAuthentication()`. Until then their frames come one at a time, and `authenticationTimeoutMs` runs.
   * Default: false.
   */
  readonly authenticates?: boolean;
  /**
   * Returns whether the middleware gets the frame that comes now. Otherwise the frame passes it by, for less than a call of
   * `next` costs. For middleware that looks at a sample of the frames. Default: it gets all.
   */
  readonly samples?: () => boolean;
}

/** A {@link Middleware} for every handler: it passes frames and replies on unchanged. */
export interface AnyMiddleware {
  <In, Out, State>(frame: In, context: Context<Out, State>, next: Next<In, Out>): Reply<Out> | PromiseLike<Reply<Out>>;
  /** As of {@link Middleware}. */
  readonly authenticates?: boolean;
  /** As of {@link Middleware}. */
  readonly samples?: () => boolean;
}

/** A {@link Middleware} with everything behind it. */
type Step<In, Out, State> = (
  frame: In,
  context: Context<Out, State>,
  exchange: Exchange<Out, State>,
) => Reply<Out> | PromiseLike<Reply<Out>>;

/** Composes middleware and a handler into one handler. The first middleware is the outermost. */
export function compose<In, Out, State>(
  middleware: readonly Middleware<In, Out, State>[],
  handler: Handler<In, Out, State>,
): FrameHandler<In, Out, State> {
  if (middleware.length === 0) return handler;
  const first = middleware.reduceRight<Step<In, Out, State>>((inner, outer) => around(outer, inner), handler);
  return (frame, exchange) => first(frame, exchange, exchange);
}

function around<In, Out, State>(outer: Middleware<In, Out, State>, inner: Step<In, Out, State>): Step<In, Out, State> {
  const { samples } = outer;
  const step = through(outer, inner);
  if (samples === undefined) return step;
  return (frame, context, exchange) => (samples() ? step(frame, context, exchange) : inner(frame, context, exchange));
}

function through<In, Out, State>(outer: Middleware<In, Out, State>, inner: Step<In, Out, State>): Step<In, Out, State> {
  return (frame, context, exchange) => {
    let passed = false;
    return outer(frame, context, (onward, other = context) => {
      if (passed) throw new TypeError("next() was called twice for one frame");
      exchange.checkOpen();
      passed = true;
      return inner(onward, other as Context<Out, State>, exchange);
    });
  };
}

/** @throws {TypeError} not a list of middleware, of which one at most authenticates */
export function checkMiddleware(middleware: readonly Pick<Middleware<never>, "authenticates" | "samples">[]): void {
  if (!Array.isArray(middleware) || middleware.some((one) => typeof one !== "function")) {
    throw new TypeError("middleware must be an array of functions");
  }
  if (middleware.some((one) => "handshake" in one)) {
    throw new TypeError("handshake of a middleware is authenticates now; see session.authenticating");
  }
  if (middleware.some(({ samples }) => samples !== undefined && typeof samples !== "function")) {
    throw new TypeError("samples of a middleware must be a function");
  }
  const authenticating = middleware.filter(({ authenticates }) => authenticates === true);
  if (authenticating.length > 1) throw new TypeError("at most one middleware may authenticate");
}
