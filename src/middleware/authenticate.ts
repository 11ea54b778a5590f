import { type Context, checkOptions, type Middleware, type OptionNames, type Session } from "../core/mod.ts";
import { checkFunction } from "./options.ts";

const OPTIONS: OptionNames<AuthenticateOptions> = { check: true, accepted: true, refused: true };

/** Settings of {@link authenticate}. */
export interface AuthenticateOptions<In = string, Out = In, State = unknown> {
  /**
   * Whether the first frame of a connection is what it must be. Nothing but `true` is; what it throws ends the connection, as
   * `handler-failed`. May take its time: `context.signal` aborts when the deadline passes, and then it has failed. What it
   * learns, it can keep in `context.session.state`; and it is the place to join groups.
   */
  readonly check: (frame: In, context: Context<Out, State>) => boolean | PromiseLike<boolean>;
  /** What answers a first frame that is. Default: nothing does. */
  readonly accepted?: NoInfer<Out>;
  /** What is sent last to a connection whose first frame is not. Default: nothing is. */
  readonly refused?: NoInfer<Out>;
}

/**
 * A middleware that asks every connection to begin with a frame that satisfies a check. Only then do frames come to what is behind
 * it; another connection ends, as `handler-closed`. All that has to be done within the server's `authenticationTimeoutMs`, counted from
 * when the connection was opened; else it ends, as `authentication-timeout`. Frames behind the first wait for the check, whatever the
 * `concurrency`.
 *
 * A connection has one try. A check whose frame somebody else answers before it has ended, a `timeout` around it for instance, has
 * failed, whatever it says then.
 *
 * An `onConnect` that knows the peer already lets it in without a check: `session.completeAuthentication()`.
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
 *   authenticationTimeoutMs: 5_000,
 *   middleware: [authenticate({ check: (line) => line === "open sesame", accepted: "come in", refused: "no" })],
 *   handler: (line) => line.toUpperCase(),
 * });
 * console.log(server.address.port > 0); // true
 * ```
 */
export function authenticate<In = string, Out = In, State = unknown>(
  options: AuthenticateOptions<In, Out, State>,
): Middleware<In, Out, State> {
  checkOptions(options, OPTIONS);
  const { check, accepted, refused } = options;
  checkFunction("check", check);
  /** The last frame of those who were not let in. */
  const latest = new WeakMap<Session<Out, State>, Context<Out, State>>();
  const refuse = (context: Context<Out, State>): Out | undefined => {
    end(context);
    return refused;
  };
  const ask = async (frame: In, context: Context<Out, State>): Promise<Out | undefined> => {
    try {
      const passed: unknown = await unlessAborted(Promise.resolve(check(frame, context)), context.signal);
      // A further frame has come if this one was answered meanwhile.
      if (passed !== true || latest.get(context.session) !== context) return refuse(context);
      context.session.completeAuthentication();
      return accepted;
    } catch (error) {
      end(context);
      throw error;
    }
  };
  const middleware: Middleware<In, Out, State> = (frame, context, next) => {
    const { session } = context;
    if (!session.authenticating) return next(frame, context);
    const isFirst = !latest.has(session);
    latest.set(session, context);
    return isFirst ? ask(frame, context) : refuse(context);
  };
  return Object.assign(middleware, { authenticates: true });
}

/** What `result` gives. False when the signal aborts before: somebody else answers then, or nobody. */
function unlessAborted(result: Promise<boolean>, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const onAbort = () => resolve(false);
    if (signal.aborted) onAbort();
    else signal.addEventListener("abort", onAbort);
    result.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
  });
}

/** Ends the connection behind the reply to this frame; or behind what was said, when somebody else has answered it. */
function end(context: Context<unknown, unknown>): void {
  try {
    context.close();
  } catch {
    context.session.close();
  }
}
