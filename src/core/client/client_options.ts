import { type Codec, checkCodec } from "../codecs/codec.ts";
import { checkSignal } from "../options/abort_signal.ts";
import { checkChoice, checkCount, checkDuration, keepAliveOf, type Limits, resolveLimits } from "../options/limits.ts";
import { checkOptions, type OptionNames } from "../options/option_names.ts";
import type { SlowConsumerPolicy } from "../output/slow_consumer.ts";
import { type Clock, systemClock } from "../time/clock.ts";
import type { TcpAddress } from "../transport/transport.ts";
import type { ClientObserver } from "./client_observer.ts";
import type { ClientSession } from "./client_session.ts";
import type { ClientSettings } from "./client_settings.ts";
import { type HeartbeatOptions, resolveHeartbeat } from "./heartbeat.ts";
import { resolveHosts } from "./hosts.ts";
import { type ReconnectOptions, resolveReconnect } from "./reconnect_options.ts";

/**
 * Limits of a client that a server has too, with the same meaning and defaults. Nothing is in flight while no reply is awaited;
 * authentication is what `onConnect` does.
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
  | "lingerTimeoutMs"
  | "maxLingerMs"
  | "drainTimeoutMs"
  | "maxOutboundBytes"
  | "maxOutboundFrames"
>;

/** Where a client connects to: one server, or several. */
export type ClientTarget =
  | {
      /** A name or numeric address. A name is resolved for every attempt. Default `127.0.0.1`: this machine. */
      readonly hostname?: string;
      /** 1 to 65535. */
      readonly port: number;
      readonly hosts?: undefined;
    }
  | {
      /**
       * Servers that are as good as each other. Attempts go from one to the next, from the last to the first; `connect()` tries each
       * once.
       */
      readonly hosts: readonly TcpAddress[];
      readonly hostname?: undefined;
      readonly port?: undefined;
    };

/** Settings of {@link connect}. */
export type ClientOptions<In, Out = In> = ClientTarget & ClientBehaviour<In, Out>;

/** Settings of {@link connect}, but for where to. */
export interface ClientBehaviour<In, Out = In> extends Partial<ClientLimits> {
  /**
   * The numeric address of this machine to connect from. Default: the system chooses. Where the runtime cannot choose it (Deno, Bun), connecting
   * fails as `runtime-unsupported`.
   */
  readonly localAddress?: string;
  /** How messages are marked in the stream. Its fault frames are not sent: a server would take one for a request. */
  readonly codec: Codec<In, Out>;
  /** Gives up the first attempt to connect, `onConnect` included; has no effect afterwards. */
  readonly signal?: AbortSignal;
  /** An attempt to connect is given up after so long: `connection-timed-out`. Default 10000; `Infinity`: when the system does. */
  readonly connectTimeoutMs?: number;
  /**
   * Runs on every connection, before anything else is sent: the place for a login, or to subscribe. Requests wait until it is done, and
   * `client.send` says `"closed"`; it sends with the session that it gets. When it throws, or takes longer than `authenticationTimeoutMs`,
   * the connection ends as `handler-failed` or `authentication-timeout`: a failed attempt. `connect()` waits for it too, and rejects then.
   */
  readonly onConnect?: (session: ClientSession<In, Out>) => unknown;
  /**
   * A request that is not answered after so long is given up: `request-timeout`. Default 30000; `Infinity`: never. When requests
   * that were given up hold all places for so long, and one more gives up waiting for a place, the connection ends for the same reason.
   */
  readonly requestTimeoutMs?: number;
  /**
   * Requests that may be on their way at once, those that were given up and not answered yet among them; further ones wait. A
   * whole number; default 1024, which at a round trip of 10 ms is 100,000 a second. 1 asks for one reply at a time.
   */
  readonly maxPendingRequests?: number;
  /**
   * The connection is dead, and ends as `request-timeout`, when so many requests in a row were not answered in time, each of them sent after
   * the one before was given up, and no byte came meanwhile. A whole number; default 3; `Infinity`: never. Timeouts are
   * `timeoutMs` and what `AbortSignal.timeout` aborts.
   */
  readonly maxConsecutiveTimeouts?: number;
  /** Asks whether the peer is still there, when it has been quiet. Default: never. */
  readonly heartbeat?: HeartbeatOptions<In, Out>;
  /** Pushes that may wait to be taken: above, nothing is read. A whole number; default 1024. */
  readonly maxPushes?: number;
  /**
   * Whether a frame answers nothing: a push, a greeting, a goodbye, a fault frame. Left out: only a frame that comes while no
   * request is pending; any other is taken for the reply to the first that is. What it throws ends the connection as
   * `handler-failed`.
   */
  readonly isPush?: (frame: In) => boolean;
  /** What happens to what is sent (`client.send`) when there is no room for it. Default `"reset"`. Requests wait instead. */
  readonly slowConsumer?: SlowConsumerPolicy;
  /** Whether a connection that was lost is made anew, and how. Default false. */
  readonly reconnect?: boolean | Partial<ReconnectOptions>;
  /** Gets every event. Left out: errors are written to `console.error`. */
  readonly observer?: ClientObserver<In, Out>;
  /** Time, for tests and simulations. Default: the runtime's own. */
  readonly clock?: Clock;
  /** Chance, from 0 up to 1, for the pauses before reconnecting. Default `Math.random`. */
  readonly random?: () => number;
}

/** What a client does not have: its deadline for a handler is that of a request, and a connection lives as long as it is used. */
const UNLIMITED = { concurrency: 1, handlerTimeoutMs: Infinity, lifetimeMs: Infinity, maxConcurrentHandlers: Infinity };

const OPTIONS: OptionNames<ClientLimits & ClientBehaviour<unknown>> &
  Readonly<Record<"hostname" | "port" | "hosts", true>> = {
  hostname: true,
  port: true,
  hosts: true,
  idleTimeoutMs: true,
  silenceTimeoutMs: true,
  keepAliveMs: true,
  frameTimeoutMs: true,
  writeTimeoutMs: true,
  minWriteBytesPerSecond: true,
  authenticationTimeoutMs: true,
  lingerTimeoutMs: true,
  maxLingerMs: true,
  drainTimeoutMs: true,
  maxOutboundBytes: true,
  maxOutboundFrames: true,
  localAddress: true,
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

/** @throws {TypeError | RangeError} an option that makes no sense, or that there is not */
export function resolveClient<In, Out>(options: ClientOptions<In, Out>): ClientSettings<In, Out> {
  checkOptions(options, OPTIONS);
  const { codec, localAddress, onConnect, signal, observer } = options;
  const { isPush = () => false, random = Math.random, slowConsumer = "reset" } = options;
  const hosts = resolveHosts(options);
  if (localAddress !== undefined && (typeof localAddress !== "string" || localAddress === "")) {
    throw new TypeError("localAddress must be a numeric address");
  }
  checkCodec(codec);
  checkSignal(signal);
  for (const [name, given] of Object.entries({ isPush, observer, onConnect, random })) {
    if (given !== undefined && typeof given !== "function") throw new TypeError(`${name} must be a function`);
  }
  checkChoice("slowConsumer", slowConsumer, ["drop", "drop-oldest", "reset"]);
  const limits = resolveLimits({ ...options, ...UNLIMITED });
  const how = { ...keepAliveOf(limits), ...(localAddress !== undefined && { localAddress }) };
  return {
    hosts: hosts.map((host) => ({ ...host, ...how })),
    codec,
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
