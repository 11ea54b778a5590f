import {
  type AnyMiddleware,
  type Clock,
  type Context,
  checkOptions,
  isPromiseLike,
  isStream,
  type Middleware,
  type OptionNames,
  type Reply,
  systemClock,
} from "../core/mod.ts";
import { checkDelay, checkFunction } from "./options.ts";
import { TimedContext } from "./timed_context.ts";

const OPTIONS: OptionNames<TimeoutOptions> = { ms: true, reply: true, clock: true };

/** Settings of {@link timeout}. */
export interface TimeoutOptions<In = string, Out = In, State = unknown> {
  /** The time limit of the next handler. More than 0, at most 2147483647; `Infinity` turns it off. */
  readonly ms: number;
  /** Returns the reply to a late frame. Without it, the connection ends. Default: none. */
  readonly reply?: (frame: In, context: Context<Out, State>) => NoInfer<Out>;
  /** The clock, for tests. Default: the runtime's own. */
  readonly clock?: Clock;
}

/**
 * Returns a middleware that sets a deadline for the handler, usually shorter than the server's own (`handlerTimeoutMs`), which
 * still applies. When the deadline passes, the handler's signal aborts with `handler-timeout`, and the frame is answered with
 * `reply`; without `reply`, the connection ends with the reason `handler-timeout`. A handler that ignores its signal goes on,
 * but its result is discarded.
 *
 * Each frame of a stream of replies has the same deadline, counted while the frame is waited for; `reply` is then the last
 * frame of the stream. A synchronous answer needs no timer.
 *
 * - **Pushes back** nothing: the deadline of a stream does not run while the peer is slow.
 * - **On abort** of `context.signal`, the handler's signal aborts with the same reason; no timer and no listener remains.
 *
 * @throws {TypeError | RangeError} an invalid option
 *
 * @example
 * ```ts
 * import { lines, serve } from "spillway";
 * import { timeout } from "spillway/middleware";
 *
 * await using server = await serve({
 *   port: 0,
 *   codec: lines(),
 *   middleware: [timeout({ ms: 500, reply: (line) => `no answer to ${line} in time` })],
 *   handler: async (line) => line,
 * });
 * console.log(server.address.port > 0); // true
 * ```
 */
export function timeout(options: TimeoutOptions & { readonly reply?: never }): AnyMiddleware;
/** As above, with a function that answers late frames. */
export function timeout<In = string, Out = In, State = unknown>(
  options: TimeoutOptions<In, Out, State>,
): Middleware<In, Out, State>;
export function timeout<In, Out, State>(options: TimeoutOptions<In, Out, State>): Middleware<In, Out, State> {
  checkOptions(options, OPTIONS);
  const { ms, reply, clock = systemClock } = options;
  checkDelay("ms", ms);
  if (reply !== undefined) checkFunction("reply", reply);
  return (frame, context, next) => {
    const timed = new TimedContext(context, ms, clock);
    const instead = reply && (() => reply(frame, context));
    try {
      const answer = next(frame, timed);
      if (isPromiseLike(answer)) return inTime(timed, answer, instead);
      if (isStream(answer)) return eachInTime<Out>(timed, answer, instead);
      timed.end();
      return answer;
    } catch (error) {
      timed.end();
      throw error;
    }
  };
}

async function inTime<Out>(
  timed: TimedContext<Out, unknown>,
  answer: PromiseLike<Reply<Out>>,
  instead: (() => Out) | undefined,
): Promise<Reply<Out>> {
  let streams = false;
  try {
    const reply = await timed.within(answer);
    streams = isStream(reply);
    return isStream(reply) ? eachInTime<Out>(timed, reply, instead) : reply;
  } catch (error) {
    if (timed.late && instead !== undefined) return instead();
    throw error;
  } finally {
    if (!streams) timed.end();
  }
}

async function* eachInTime<Out>(
  timed: TimedContext<Out, unknown>,
  frames: AsyncIterable<Out>,
  instead: (() => Out) | undefined,
): AsyncGenerator<Out, void> {
  const iterator = frames[Symbol.asyncIterator]();
  let stopped = false;
  try {
    for (;;) {
      const next = await timed.within(iterator.next());
      if (next.done) return;
      // A consumer that does not want the rest returns here.
      stopped = true;
      yield next.value;
      stopped = false;
    }
  } catch (error) {
    if (timed.signal.aborted) void stopLate(iterator);
    if (!timed.late || instead === undefined) throw error;
    yield instead();
  } finally {
    timed.end();
    if (stopped) await iterator.return?.();
  }
}

/** Stops a late stream. Its iterator may still be at work, and stops after that; its result is not waited for. */
async function stopLate(iterator: AsyncIterator<unknown>): Promise<void> {
  try {
    await iterator.return?.();
  } catch {
    // The frame has already failed for being late.
  }
}
