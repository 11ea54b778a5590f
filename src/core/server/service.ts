import type { Bus, BusGap, BusOptions } from "../bus/bus.ts";
import { resolveBus } from "../bus/bus_options.ts";
import type { Codec } from "../codecs/codec.ts";
import { type AnyProtocol, checkProtocol, type Handler, PROTOCOL_OPTIONS, type Protocol } from "../handler/handler.ts";
import { checkMiddleware, type Middleware } from "../handler/middleware.ts";
import { checkChoice, LIMIT_NAMES, type Limits } from "../options/limits.ts";
import { checkOptions, type OptionNames } from "../options/option_names.ts";
import type { SlowConsumerPolicy } from "../output/slow_consumer.ts";
import { listOf } from "../session/event_sink.ts";
import { checkTruncates, INVALID_FRAME_POLICIES, type InvalidFramePolicy } from "../session/invalid_frame.ts";
import type { Observer } from "../session/observer.ts";
import type { SessionHooks } from "../session/session_hooks.ts";
import type { Clock } from "../time/clock.ts";
import { checkEstablish, type EstablishStep } from "../transport/establish.ts";
import type { TargetOptions } from "./listen_targets.ts";

/** A service: everything about a server except its runtime. The default export of a module for `spillway serve ./module.ts`. */
export interface Service<In = string, Out = In, State = unknown>
  extends Partial<Limits>,
    TargetOptions,
    SessionHooks<Out, State> {
  /** The codec, which decodes frames and encodes replies. */
  readonly codec: Codec<In, Out>;
  /** The function that answers each frame. */
  readonly handler: Handler<In, NoInfer<Out>, State>;
  /**
   * The protocols of connections whose TLS session has agreed on one (ALPN), by its name: they take the place of `codec`, `handler`,
   * `onDrain` and `onEnd`. Other connections are served with those. Like the handler of an upgrade, theirs has no middleware.
   * Default: none.
   *
   * @example
   * ```ts
   * import { defineProtocol, defineService, lines } from "spillway";
   *
   * const shout = defineProtocol({ codec: lines(), handler: (line) => line.toUpperCase() });
   * export default defineService({ codec: lines(), handler: (line) => line, protocols: { "shout/1": shout } });
   * ```
   */
  readonly protocols?: Readonly<Record<string, AnyProtocol<NoInfer<State>>>>;
  /**
   * Middleware around the handler, the outermost first. It is composed once, when the server starts. `onConnect` and the handler of an
   * upgrade have none. At most one middleware may authenticate. Default: none, without overhead.
   */
  readonly middleware?: readonly Middleware<NoInfer<In>, NoInfer<Out>, NoInfer<State>>[];
  /**
   * The steps that each connection takes before it has a session, in this order: PROXY header, admission, TLS, or a step of
   * your own. A step that throws refuses the connection (event `establish-failed`). Default: none, without overhead.
   */
  readonly establish?: readonly EstablishStep[];
  /**
   * The policy for a frame that is too large or malformed: end the connection (`"close"`, the default), drop the frame (`"skip"`), or
   * handle the beginning of a frame that is too large (`"truncate"`).
   */
  readonly invalidFrame?: InvalidFramePolicy;
  /**
   * The policy for frames that were received in full when the connection breaks. With `"drop"`, the default, they are dropped, and the
   * signals of running handlers abort. With `"finish"`, they are handled and their replies are discarded; use it for an intake whose peers
   * send everything and close without waiting for replies. The event `connection-closed` then comes after the last frame and has their
   * number (`framesAfterReset`). Each handler has its deadline. A drain waits for the handlers, up to its own timeout.
   */
  readonly afterReset?: "drop" | "finish";
  /** The policy for a push that finds no room because the peer does not read. Default `"reset"`. */
  readonly slowConsumer?: SlowConsumerPolicy;
  /**
   * The policy for connections beyond `maxConnections`: they wait in the backlog (`"wait"`, the default), or get the fault
   * `too-many-connections` and are closed (`"reject"`).
   */
  readonly beyondMaxConnections?: "wait" | "reject";
  /**
   * The carrier of broadcasts and direct frames to other servers: a bus of `spillway/buses/local`, `/redis` or `/nats`, or an object with
   * one and its settings. A broker that is down or slow does not hold the server back. Default: none, without overhead.
   */
  readonly bus?: Bus | BusOptions;
  /**
   * Runs when frames of another server did not arrive: once for everything that was lost at one time. A service whose peers must not miss
   * a frame resynchronises them here. An error is reported to the observer (`bus-error`). Default: nothing runs.
   */
  readonly onGap?: (gap: BusGap) => void | PromiseLike<void>;
  /**
   * A function that gets every event, or several. Default: errors of handlers, codecs and accepting are written with `console.error`, with the
   * address of the connection and the stack of the cause. Five errors of each kind are written in 10 s, and then the number of the rest.
   * `() => {}` silences them.
   */
  readonly observer?: Observer | readonly Observer[];
}

/**
 * Returns the service unchanged. Its types are inferred: `session.state` from `state`, and replies from `codec`. Use it for a module
 * that `spillway serve` runs, and for a service that is served in several places. If `state` uses its connection, write the type of the
 * parameter, `({ id }: ConnectionInfo)`; otherwise the state is inferred too late for a middleware.
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
  /**
   * If it aborts before the server listens, `serve` rejects with the signal's reason, and nothing stays open. If it aborts later, the
   * server drains as with `shutdown()`, and a call of `shutdown()` aborts the remaining connections. It has no effect after a shutdown
   * has begun. Default: none.
   */
  readonly signal?: AbortSignal;
  /** The clock, for tests and simulations. Default: the clock of the runtime. */
  readonly clock?: Clock;
  /** Random numbers from 0 up to 1, for the instants at which the grace period of a shutdown closes connections. Default `Math.random`. */
  readonly random?: () => number;
}

/** The options of a service. */
export const SERVICE_OPTIONS: OptionNames<Service> = {
  ...LIMIT_NAMES,
  hostname: true,
  port: true,
  path: true,
  mode: true,
  fd: true,
  ipv6Only: true,
  reusePort: true,
  noDelay: true,
  listen: true,
  codec: true,
  handler: true,
  protocols: true,
  middleware: true,
  establish: true,
  state: true,
  onConnect: true,
  onDisconnect: true,
  invalidFrame: true,
  afterReset: true,
  onDrain: true,
  onEnd: true,
  slowConsumer: true,
  beyondMaxConnections: true,
  bus: true,
  onGap: true,
  observer: true,
};

/** The options of {@link serve}. */
export const SERVE_OPTIONS: OptionNames<ServeOptions> = { ...SERVICE_OPTIONS, signal: true, clock: true, random: true };

/** @throws {TypeError | RangeError} an option that makes no sense */
export function checkService<In, Out, State>(options: Service<In, Out, State>): void {
  const { middleware = [], invalidFrame = "close", beyondMaxConnections = "wait", slowConsumer = "reset" } = options;
  checkProtocol(options);
  checkMiddleware(middleware);
  checkProtocols(options.protocols, middleware, invalidFrame);
  checkEstablish(options.establish);
  if (options.bus !== undefined) resolveBus(options.bus);
  const { random } = options as Partial<ServeOptions<In, Out, State>>;
  for (const observer of listOf(options.observer) ?? []) {
    if (typeof observer !== "function") throw new TypeError("observer must be a function, or an array of functions");
  }
  for (const name of ["state", "onConnect", "onDisconnect", "onGap", "random"] as const) {
    const given = name === "random" ? random : options[name];
    if (given !== undefined && typeof given !== "function") throw new TypeError(`${name} must be a function`);
  }
  checkChoice("afterReset", options.afterReset ?? "drop", ["drop", "finish"]);
  checkChoice("invalidFrame", invalidFrame, INVALID_FRAME_POLICIES);
  checkTruncates(options.codec, invalidFrame);
  checkChoice("beyondMaxConnections", beyondMaxConnections, ["wait", "reject"]);
  checkChoice("slowConsumer", slowConsumer, ["drop", "drop-oldest", "reset"]);
}

/** @throws {TypeError} not protocols by their names, or beside a middleware that they would go past */
function checkProtocols(
  protocols: Readonly<Record<string, AnyProtocol<never>>> | undefined,
  middleware: readonly { readonly authenticates?: boolean }[],
  invalidFrame: InvalidFramePolicy,
): void {
  if (protocols === undefined) return;
  if (typeof protocols !== "object" || protocols === null || Array.isArray(protocols)) {
    throw new TypeError("protocols must be an object");
  }
  if (Object.hasOwn(protocols, "")) throw new TypeError("the name of a protocol must not be empty");
  for (const protocol of Object.values(protocols)) {
    checkOptions(protocol, PROTOCOL_OPTIONS);
    checkProtocol(protocol as unknown as Protocol<unknown>);
    checkTruncates(protocol.codec, invalidFrame);
  }
  if (!middleware.some(({ authenticates }) => authenticates === true)) return;
  throw new TypeError("protocols have no middleware, so a service with one that authenticates cannot have any");
}
