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
  /** How long what is behind this middleware may take. More than 0, at most 2147483647; `Infinity` turns it off. */
  readonly ms: number;
  /** What answers a frame that is late, instead of the end of its connection. */
  readonly reply?: (frame: In, context: Context<Out, State>) => NoInfer<Out>;
  /** Time, for tests. Default: the runtime's own. */
  readonly clock?: Clock;
}

/**
 * A middleware with a deadline for what is behind it: mostly shorter than the server's own (`handlerTimeoutMs`), which stays. When
 * it passes, the signal that the handler was given aborts, with `handler-timeout`; and the frame is answered with `reply`, or the
 * connection ends as `handler-timeout`. A handler that does not look at its signal goes on all the same, and nobody waits for it.
 *
 * A stream of replies has as much time for each of its frames, while one is waited for; `reply` is its last one then. A synchronous
 * answer costs no timer.
 *
 * - **Pushes back** nothing, and hurries nobody: a stream's time does not run while the peer is slow.
 * - **On abort** of `context.signal`, the handler's aborts with the same reason; no timer and no listener is left.
 *
 * @throws {TypeError | RangeError} an option that makes no sense
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
      // Whoever does not want the rest says so here.
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

/** One that is still at work stops when it is done with that, and nobody waits for it or for how it ends. */
async function stopLate(iterator: AsyncIterator<unknown>): Promise<void> {
  try {
    await iterator.return?.();
  } catch {
    // The frame has failed already, for being late.
  }
}
