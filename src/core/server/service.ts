import type { Codec } from "../codecs/codec.ts";
import { checkProtocol, type Handler } from "../handler/handler.ts";
import { checkMiddleware, type Middleware } from "../handler/middleware.ts";
import { checkChoice, LIMIT_NAMES, type Limits } from "../options/limits.ts";
import type { OptionNames } from "../options/option_names.ts";
import type { SlowConsumerPolicy } from "../output/slow_consumer.ts";
import { checkTruncates, INVALID_FRAME_POLICIES, type InvalidFramePolicy } from "../session/invalid_frame.ts";
import type { Observer } from "../session/observer.ts";
import type { SessionHooks } from "../session/session_hooks.ts";
import type { Clock } from "../time/clock.ts";

/** What a server does, and what it may take: everything but the runtime. What `spillway serve ./module.ts` runs. */
export interface Service<In = string, Out = In, State = unknown> extends Partial<Limits>, SessionHooks<Out, State> {
  /** The address to listen on. Default `127.0.0.1`: only this machine. `0.0.0.0` or `::` for all. */
  readonly hostname?: string;
  /** 0 to 65535; 0 lets the system choose (see `server.address`). */
  readonly port?: number;
  /** How frames are marked in the stream. */
  readonly codec: Codec<In, Out>;
  /** What is computed for each frame. */
  readonly handler: Handler<In, NoInfer<Out>, State>;
  /**
   * What is around the handler, the outermost first: composed once, when the server starts. `onConnect` and the handler of an
   * upgrade have none. At most one may authenticate. Default: none, which costs nothing.
   */
  readonly middleware?: readonly Middleware<NoInfer<In>, NoInfer<Out>, NoInfer<State>>[];
  /**
   * What a frame that is too large or malformed does to its connection: ends it (`"close"`, the default), is dropped
   * (`"skip"`), or is handled as far as it may be long (`"truncate"`).
   */
  readonly invalidFrame?: InvalidFramePolicy;
  /**
   * What becomes of frames that were received in full when the connection breaks: they are dropped, and the handlers at work are told by their
   * signals (`"drop"`, the default), or they are handled to the end and their replies go nowhere (`"finish"`). For an intake whose peers send
   * all they have and leave without waiting for what is said to them. The event `connection-closed` comes when that is done, and says how
   * many there were (`framesAfterReset`). Each handler has its deadline, and a drain waits, for as long as it may take.
   */
  readonly afterReset?: "drop" | "finish";
  /** What happens to a push to somebody who does not read, when there is no room for it. Default `"reset"`. */
  readonly slowConsumer?: SlowConsumerPolicy;
  /**
   * What happens beyond `maxConnections`: new ones stay in the backlog (`"wait"`, the default), or are told
   * `too-many-connections` and closed (`"reject"`).
   */
  readonly beyondMaxConnections?: "wait" | "reject";
  /**
   * Gets every event. Default: errors of handlers and codecs and those of accepting are written with `console.error`, the address of
   * the connection and the stack of the cause with them; of each kind five in 10 s, and then how many more there were.
   * `() => {}` turns that off.
   */
  readonly observer?: Observer;
}

/**
 * A service, as it is: what `session.state` is follows from its `state`, and what may be replied from its `codec`. For a module that
 * `spillway serve` runs, and for a service that is served in several places. When `state` uses its connection, write the type of its
 * parameter, `({ id }: ConnectionInfo)`: the state is inferred too late for a middleware otherwise.
 *
 * @example
 * ```ts
 * import { defineService, lines } from "spillway";
 *
 * export default defineService({
 *   codec: lines(),
 *   state: () => ({ lines: 0 }),
 *   handler: (line, { session }) => {
 *     session.state.lines += 1;
 *     return `${session.state.lines}: ${line}`;
 *   },
 * });
 * ```
 */
export function defineService<In = string, Out = In, State = unknown>(
  service: Service<In, Out, State>,
): Service<In, Out, State> {
  return service;
}

/** Settings of {@link serve}. */
export interface ServeOptions<In = string, Out = In, State = unknown> extends Service<In, Out, State> {
  readonly port: number;
  /**
   * Aborted before the server listens: `serve` rejects with the signal's reason, and nothing stays open. Aborted later: the server drains,
   * as with `shutdown()`; a call of that aborts what remains. Does nothing when a shutdown has begun.
   */
  readonly signal?: AbortSignal;
  /** Time, for tests and simulations. Default: the runtime's own. */
  readonly clock?: Clock;
  /** Chance, from 0 up to 1, for the instants at which a shutdown's grace closes connections. Default `Math.random`. */
  readonly random?: () => number;
}

/** The options of a service. */
export const SERVICE_OPTIONS: OptionNames<Service> = {
  ...LIMIT_NAMES,
  hostname: true,
  port: true,
  codec: true,
  handler: true,
  middleware: true,
  state: true,
  onConnect: true,
  onDisconnect: true,
  invalidFrame: true,
  afterReset: true,
  onDrain: true,
  onEnd: true,
  slowConsumer: true,
  beyondMaxConnections: true,
  observer: true,
};

/** The options of {@link serve}. */
export const SERVE_OPTIONS: OptionNames<ServeOptions> = { ...SERVICE_OPTIONS, signal: true, clock: true, random: true };

/** @throws {TypeError | RangeError} an option that makes no sense */
export function checkService<In, Out, State>(options: Service<In, Out, State>): void {
  const { middleware = [], invalidFrame = "close", beyondMaxConnections = "wait", slowConsumer = "reset" } = options;
  checkProtocol(options);
  checkMiddleware(middleware);
  const { random } = options as Partial<ServeOptions<In, Out, State>>;
  for (const name of ["observer", "state", "onConnect", "onDisconnect", "random"] as const) {
    const given = name === "random" ? random : options[name];
    if (given !== undefined && typeof given !== "function") throw new TypeError(`${name} must be a function`);
  }
  checkChoice("afterReset", options.afterReset ?? "drop", ["drop", "finish"]);
  checkChoice("invalidFrame", invalidFrame, INVALID_FRAME_POLICIES);
  checkTruncates(options.codec, invalidFrame);
  checkChoice("beyondMaxConnections", beyondMaxConnections, ["wait", "reject"]);
  checkChoice("slowConsumer", slowConsumer, ["drop", "drop-oldest", "reset"]);
}
