import {
  type AnyMiddleware,
  type Clock,
  type Context,
  checkOptions,
  checkWhole,
  type Middleware,
  type OptionNames,
  type Session,
  systemClock,
} from "../core/mod.ts";
import { checkFunction, checkRate } from "./options.ts";
import { TokenBucket } from "./token_bucket.ts";

const OPTIONS: OptionNames<RateLimitOptions> = { perSecond: true, burst: true, onLimit: true, clock: true };

/** Settings of {@link rateLimit}. */
export interface RateLimitOptions<In = string, Out = In, State = unknown> {
  /** The frames of a connection that are handled per second, on average. A finite number above 0, also below 1. */
  readonly perSecond: number;
  /** The most frames handled at once after a pause. A whole number of at least 1; default: `perSecond`, rounded up. */
  readonly burst?: number;
  /**
   * The treatment of a frame beyond the limit:
   *
   * - `"wait"`: the frame waits for its turn. It counts as being in the handler, for the handler deadline as for `concurrency`; so
   *   reading stops, and the sender has to wait. Frames keep their order.
   * - `"close"`: the connection ends with the reason `handler-closed`; the frame is not answered.
   * - `{ reply }`: the frame is not handled, and is answered with the value that `reply` returns.
   */
  readonly onLimit: "wait" | "close" | { readonly reply: (frame: In, context: Context<Out, State>) => NoInfer<Out> };
  /** The clock, for tests. Default: the runtime's own. */
  readonly clock?: Clock;
}

/**
 * Returns a middleware that limits the rate of handled frames. Each connection has a token bucket, which fills at `perSecond` and
 * holds `burst` tokens. Each frame costs one reading of the clock; a timer runs only while a frame waits.
 *
 * - **Pushes back** with `"wait"`: at most `concurrency` frames wait, and nothing more is read.
 * - **On abort** of `context.signal`, a waiting frame is dropped, and takes no token from the frames behind it.
 *
 * @throws {TypeError | RangeError} an invalid option
 *
 * @example
 * ```ts
 * import { lines, serve } from "spillway";
 * import { rateLimit } from "spillway/middleware";
 *
 * await using server = await serve({
 *   port: 0,
 *   codec: lines(),
 *   middleware: [rateLimit({ perSecond: 100, burst: 20, onLimit: { reply: () => "slow down" } })],
 *   handler: (line) => line,
 * });
 * console.log(server.address.port > 0); // true
 * ```
 */
export function rateLimit(options: RateLimitOptions & { readonly onLimit: "wait" | "close" }): AnyMiddleware;
/** As above, with a function that answers frames beyond the limit. */
export function rateLimit<In = string, Out = In, State = unknown>(
  options: RateLimitOptions<In, Out, State>,
): Middleware<In, Out, State>;
export function rateLimit<In, Out, State>(options: RateLimitOptions<In, Out, State>): Middleware<In, Out, State> {
  checkOptions(options, OPTIONS);
  const { perSecond, onLimit, clock = systemClock } = options;
  checkRate("perSecond", perSecond);
  const burst = options.burst ?? Math.ceil(perSecond);
  checkWhole("burst", burst);
  checkOnLimit(onLimit);
  const buckets = new WeakMap<Session<Out, State>, TokenBucket>();
  const bucketOf = ({ session }: Context<Out, State>): TokenBucket => {
    const bucket = buckets.get(session) ?? new TokenBucket(perSecond, burst, clock);
    buckets.set(session, bucket);
    return bucket;
  };
  return (frame, context, next) => {
    const bucket = bucketOf(context);
    if (bucket.take()) return next(frame, context);
    if (onLimit === "wait") return bucket.wait(context.signal, () => next(frame, context));
    if (onLimit !== "close") return onLimit.reply(frame, context);
    context.close();
    return undefined;
  };
}

function checkOnLimit(onLimit: unknown): void {
  if (onLimit === "wait" || onLimit === "close") return;
  if (typeof onLimit !== "object" || onLimit === null) {
    throw new RangeError(`onLimit must be "wait", "close" or { reply }, not ${String(onLimit)}`);
  }
  checkFunction("onLimit.reply", (onLimit as { readonly reply?: unknown }).reply);
}
