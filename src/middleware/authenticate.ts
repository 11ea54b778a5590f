import { type Context, checkOptions, type Middleware, type OptionNames, type Session } from "../core/mod.ts";
import { checkFunction } from "./options.ts";

const OPTIONS: OptionNames<AuthenticateOptions> = { check: true, accepted: true, refused: true };

/** Settings of {@link authenticate}. */
export interface AuthenticateOptions<In = string, Out = In, State = unknown> {
  /**
   * Checks the first frame of a connection. Only the result `true` accepts the connection; an error ends the connection with the
   * reason `handler-failed`. The check may be asynchronous: when the deadline passes, `context.signal` aborts and the check has
   * failed. A check can keep its findings in `context.session.state`, and is the place to join groups.
   */
  readonly check: (frame: In, context: Context<Out, State>) => boolean | PromiseLike<boolean>;
  /** The reply to an accepted first frame. Default: none. */
  readonly accepted?: NoInfer<Out>;
  /** The last reply to a connection whose first frame is refused. Default: none. */
  readonly refused?: NoInfer<Out>;
}

/**
 * Returns a middleware that requires every connection to begin with a frame that satisfies `check`. Only then do frames reach the
 * handler; otherwise the connection ends with the reason `handler-closed`. Authentication must complete within the server's
 * `authenticationTimeoutMs`, counted from the opening of the connection; otherwise the connection ends with the reason
 * `authentication-timeout`. Frames behind the first wait for the check, whatever the `concurrency`.
 *
 * A connection has one attempt. If other middleware answers the first frame before the check completes, a `timeout` around it for
 * instance, the check has failed, whatever its result.
 *
 * An `onConnect` that already knows the peer can accept the connection without a check: `session.completeAuthentication()`.
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
  /** The latest frame of each connection that is not authenticated. */
  const latest = new WeakMap<Session<Out, State>, Context<Out, State>>();
  const refuse = (context: Context<Out, State>): Out | undefined => {
    end(context);
    return refused;
  };
  const ask = async (frame: In, context: Context<Out, State>): Promise<Out | undefined> => {
    try {
      const passed: unknown = await unlessAborted(Promise.resolve(check(frame, context)), context.signal);
      // If this frame was answered meanwhile, a further frame may have come.
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

/** Fulfils with `result`, or with false when the signal aborts first: the frame is then answered elsewhere, or not at all. */
function unlessAborted(result: Promise<boolean>, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const onAbort = () => resolve(false);
    if (signal.aborted) onAbort();
    else signal.addEventListener("abort", onAbort);
    result.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
  });
}

/** Closes the connection after the reply to this frame; if the frame was already answered, after the replies so far. */
function end(context: Context<unknown, unknown>): void {
  try {
    context.close();
  } catch {
    context.session.close();
  }
}
