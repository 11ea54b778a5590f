import { type Codec, checkCodec } from "../codecs/codec.ts";
import { checkSignal } from "../options/abort_signal.ts";
import {
  checkBoolean,
  checkChoice,
  checkCount,
  checkDuration,
  keepAliveOf,
  type Limits,
  resolveLimits,
} from "../options/limits.ts";
import { checkOptions, type OptionNames } from "../options/option_names.ts";
import type { SlowConsumerPolicy } from "../output/slow_consumer.ts";
import { listOf } from "../session/event_sink.ts";
import { type Clock, systemClock } from "../time/clock.ts";
import { checkEstablish, type EstablishStep } from "../transport/establish.ts";
import type { Address } from "../transport/transport.ts";
import type { ClientObserver } from "./client_observer.ts";
import type { ClientSession } from "./client_session.ts";
import type { ClientSettings } from "./client_settings.ts";
import { type HeartbeatOptions, resolveHeartbeat } from "./heartbeat.ts";
import { resolveHosts } from "./hosts.ts";
import { type ReconnectOptions, resolveReconnect } from "./reconnect_options.ts";

/**
 * The limits that a client shares with a server, with the same meaning and defaults. A client is idle while no reply is pending.
 * Its authentication is `onConnect`.
 */
export type ClientLimits = Pick<
  Limits,
  | "idleTimeoutMs"
  | "silenceTimeoutMs"
  | "keepAliveMs"
  | "frameTimeoutMs"
  | "writeTimeoutMs"
  | "minWriteBytesPerSecond"
  | "authenticationTimeoutMs"
  | "establishTimeoutMs"
  | "lingerTimeoutMs"
  | "maxLingerMs"
  | "drainTimeoutMs"
  | "maxOutboundBytes"
  | "maxOutboundFrames"
>;

/** The server that a client connects to, or several. */
export type ClientTarget =
  | {
      /** A name or a numeric address. A name is resolved for every attempt. Default `127.0.0.1`, this machine. */
      readonly hostname?: string;
      /** The port, 1 to 65535. */
      readonly port: number;
      readonly hosts?: undefined;
      readonly path?: undefined;
    }
  | {
      /** The path of the server's Unix domain socket. Begins with NUL for an abstract socket. */
      readonly path: string;
      readonly hosts?: undefined;
      readonly hostname?: undefined;
      readonly port?: undefined;
    }
  | {
      /**
       * Equivalent servers. Attempts go through the list in order and start again at its end. `connect()` tries each server once.
       */
      readonly hosts: readonly Address[];
      readonly path?: undefined;
      readonly hostname?: undefined;
      readonly port?: undefined;
    };

/** Settings of {@link connect}. */
export type ClientOptions<In, Out = In> = ClientTarget & ClientBehaviour<In, Out>;

/** Settings of {@link connect}, except the target. */
export interface ClientBehaviour<In, Out = In> extends Partial<ClientLimits> {
  /**
   * The numeric address of this machine to connect from. Default: the system chooses. On Deno and Bun, which do not support it,
   * connecting fails as `runtime-unsupported`.
   */
  readonly localAddress?: string;
  /** Whether small writes are sent at once (TCP_NODELAY). Default: true. */
  readonly noDelay?: boolean;
  /**
   * The steps that each connection takes before anything else is sent, in this order: a PROXY header, TLS, or a step of your own. A step
   * that throws fails the attempt with its error. Default: none.
   */
  readonly establish?: readonly EstablishStep[];
  /** The codec. A client does not send its fault frames, because a server would take them for requests. */
  readonly codec: Codec<In, Out>;
  /** Cancels the first attempt to connect, including `onConnect`. Has no effect afterwards. Default: none. */
  readonly signal?: AbortSignal;
  /**
   * The time for an attempt to connect: `connection-timed-out`, or `establish-timeout` in an establish step. Default 10000.
   * `Infinity` leaves it to the system.
   */
  readonly connectTimeoutMs?: number;
  /**
   * Runs on every connection before anything else is sent, for a login or a subscription. It sends with its session. Until it has
   * finished, requests wait, and `client.send` returns `"closed"`. If it throws, or takes longer than `authenticationTimeoutMs`, the
   * connection ends as `handler-failed` or `authentication-timeout`, which counts as a failed attempt, and `connect()` rejects.
   * Default: none.
   */
  readonly onConnect?: (session: ClientSession<In, Out>) => unknown;
  /**
   * The time for a request to be answered: `request-timeout`. Default 30000; `Infinity` turns it off. When cancelled requests hold
   * all places for this time, and another request gives up waiting for a place, the connection ends with the same reason.
   */
  readonly requestTimeoutMs?: number;
  /**
   * The number of requests that may be pending at once, including cancelled ones without an answer. Further requests wait. A whole number;
   * default 1024, which allows 100,000 requests per second at a round trip of 10 ms. 1 turns pipelining off.
   */
  readonly maxPendingRequests?: number;
  /**
   * The number of consecutive timeouts after which the connection ends as `request-timeout`. Each of these requests was sent after the
   * previous one was given up, and no byte came in between. Timeouts are those of `timeoutMs` and of `AbortSignal.timeout`. A whole
   * number; default 3. `Infinity` turns it off.
   */
  readonly maxConsecutiveTimeouts?: number;
  /** Checks that a quiet peer is still there. Default: no heartbeat. */
  readonly heartbeat?: HeartbeatOptions<In, Out>;
  /** The number of pushes that may wait for the iteration. At the limit, reading stops. A whole number; default 1024. */
  readonly maxPushes?: number;
  /**
   * Returns whether a frame is not a reply, but a push, a greeting, a goodbye or a fault frame. Without it, only a frame that comes while
   * no request is pending is a push; any other frame answers the oldest pending request. An error ends the connection as
   * `handler-failed`. Default: none.
   */
  readonly isPush?: (frame: In) => boolean;
  /** The policy for frames of `client.send` without room. Default `"reset"`. Requests wait instead. */
  readonly slowConsumer?: SlowConsumerPolicy;
  /** Whether and how a lost connection is replaced. Default false. */
  readonly reconnect?: boolean | Partial<ReconnectOptions>;
  /** A function that gets every event, or several. Default: errors are written with `console.error`. */
  readonly observer?: ClientObserver<In, Out> | readonly ClientObserver<In, Out>[];
  /** The clock, for tests and simulations. Default: the clock of the runtime. */
  readonly clock?: Clock;
  /** Random numbers from 0 up to 1, for the pauses before reconnecting. Default `Math.random`. */
  readonly random?: () => number;
}

/**
 * The limits that a client does not have. The deadline of a request replaces that of a handler, and a connection lives
 * as long as it is used.
 */
const UNLIMITED = { concurrency: 1, handlerTimeoutMs: Infinity, lifetimeMs: Infinity, maxConcurrentHandlers: Infinity };

const OPTIONS: OptionNames<ClientLimits & ClientBehaviour<unknown>> &
  Readonly<Record<"hostname" | "port" | "path" | "hosts", true>> = {
  hostname: true,
  port: true,
  path: true,
  hosts: true,
  idleTimeoutMs: true,
  silenceTimeoutMs: true,
  keepAliveMs: true,
  frameTimeoutMs: true,
  writeTimeoutMs: true,
  minWriteBytesPerSecond: true,
  authenticationTimeoutMs: true,
  establishTimeoutMs: true,
  establish: true,
  lingerTimeoutMs: true,
  maxLingerMs: true,
  drainTimeoutMs: true,
  maxOutboundBytes: true,
  maxOutboundFrames: true,
  localAddress: true,
  noDelay: true,
  codec: true,
  signal: true,
  connectTimeoutMs: true,
  onConnect: true,
  requestTimeoutMs: true,
  maxPendingRequests: true,
  maxConsecutiveTimeouts: true,
  heartbeat: true,
  maxPushes: true,
  isPush: true,
  slowConsumer: true,
  reconnect: true,
  observer: true,
  clock: true,
  random: true,
};

/**
 * Checks options and fills in defaults.
 *
 * @throws {TypeError | RangeError} an invalid or unknown option
 */
export function resolveClient<In, Out>(options: ClientOptions<In, Out>): ClientSettings<In, Out> {
  checkOptions(options, OPTIONS);
  const { codec, localAddress, noDelay, onConnect, signal, observer } = options;
  const { isPush = () => false, random = Math.random, slowConsumer = "reset" } = options;
  const hosts = resolveHosts(options);
  if (localAddress !== undefined && (typeof localAddress !== "string" || localAddress === "")) {
    throw new TypeError("localAddress must be a numeric address");
  }
  checkCodec(codec);
  checkEstablish(options.establish);
  checkSignal(signal);
  for (const [name, given] of Object.entries({ isPush, onConnect, random })) {
    if (given !== undefined && typeof given !== "function") throw new TypeError(`${name} must be a function`);
  }
  for (const one of listOf(observer) ?? []) {
    if (typeof one !== "function") throw new TypeError("observer must be a function, or an array of functions");
  }
  checkChoice("slowConsumer", slowConsumer, ["drop", "drop-oldest", "reset"]);
  const limits = resolveLimits({ ...options, ...UNLIMITED });
  if (noDelay !== undefined) checkBoolean("noDelay", noDelay);
  const how = {
    ...keepAliveOf(limits),
    ...(localAddress !== undefined && { localAddress }),
    ...(noDelay !== undefined && { noDelay }),
  };
  const [ignored] = Object.keys(how);
  if (ignored !== undefined && hosts.every(({ path }) => path !== undefined)) {
    throw new TypeError(`${ignored} is for TCP, and this client connects to a path`);
  }
  return {
    hosts: hosts.map((host) => (host.path === undefined ? { ...host, ...how } : host)),
    codec,
    steps: options.establish ?? [],
    signal,
    onConnect,
    connectTimeoutMs: checkDuration("connectTimeoutMs", options.connectTimeoutMs ?? 10_000),
    requestTimeoutMs: checkDuration("requestTimeoutMs", options.requestTimeoutMs ?? 30_000),
    maxPendingRequests: checkCount("maxPendingRequests", options.maxPendingRequests ?? 1_024),
    maxConsecutiveTimeouts: checkCount("maxConsecutiveTimeouts", options.maxConsecutiveTimeouts ?? 3),
    heartbeat: resolveHeartbeat(options.heartbeat),
    maxPushes: checkCount("maxPushes", options.maxPushes ?? 1_024),
    isPush,
    slowConsumer,
    reconnect: resolveReconnect(options.reconnect),
    limits,
    clock: options.clock ?? systemClock,
    random,
  };
}
