import type { Exchange, FrameHandler } from "./exchange.ts";
import type { Context, Handler, Reply } from "./handler.ts";

/**
 * Hands a frame to the next middleware, or to the handler behind the last one, and gives its answer. Without a `context` it gets
 * the one that this middleware has. To be called once, before the frame is answered.
 *
 * @throws {TypeError} it was called before for this frame, or the frame is answered
 * @throws {SpillwayError} nobody waits for the answer any more; the same as `context.signal`'s reason
 * @throws what the next middleware throws
 */
export type Next<In, Out = In> = (frame: In, context?: Context<Out>) => Reply<Out> | PromiseLike<Reply<Out>>;

/**
 * What is around a handler: may look at a frame, hand it on (`next`), or another one, and answer with what comes back, or with
 * something else. One that does not call `next` keeps the frame from the handler. May be asynchronous; fails as a handler does.
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
   * Whether connections begin with authentication, which the middleware completes (`session.completeAuthentication()`): until then their
   * frames come one at a time, and `authenticationTimeoutMs` runs. Left out: false.
   */
  readonly authenticates?: boolean;
}

/** A {@link Middleware} that fits around every handler: it hands frames and replies on as they are. */
export interface AnyMiddleware {
  <In, Out, State>(frame: In, context: Context<Out, State>, next: Next<In, Out>): Reply<Out> | PromiseLike<Reply<Out>>;
  readonly authenticates?: boolean;
}

/** A {@link Middleware} and all that is behind it. */
type Step<In, Out, State> = (
  frame: In,
  context: Context<Out, State>,
  exchange: Exchange<Out, State>,
) => Reply<Out> | PromiseLike<Reply<Out>>;

/** One handler of many: the first middleware is the outermost. */
export function compose<In, Out, State>(
  middleware: readonly Middleware<In, Out, State>[],
  handler: Handler<In, Out, State>,
): FrameHandler<In, Out, State> {
  if (middleware.length === 0) return handler;
  const first = middleware.reduceRight<Step<In, Out, State>>((inner, outer) => around(outer, inner), handler);
  return (frame, exchange) => first(frame, exchange, exchange);
}

function around<In, Out, State>(outer: Middleware<In, Out, State>, inner: Step<In, Out, State>): Step<In, Out, State> {
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
export function checkMiddleware(middleware: readonly Pick<Middleware<never>, "authenticates">[]): void {
  if (!Array.isArray(middleware) || middleware.some((one) => typeof one !== "function")) {
    throw new TypeError("middleware must be an array of functions");
  }
  const authenticating = middleware.filter(({ authenticates }) => authenticates === true);
  if (authenticating.length > 1) throw new TypeError("at most one middleware may authenticate");
}
