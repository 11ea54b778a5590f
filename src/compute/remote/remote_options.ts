import {
  type Address,
  type Clock,
  type Codec,
  checkCount,
  checkOptions,
  checkWhole,
  type EstablishStep,
  type OptionNames,
  systemClock,
  type Transport,
} from "../../core/mod.ts";
import type { ConnectSteps } from "../../mod.ts";
import type { FleetEvent, FleetOptions } from "../fleet.ts";
import { checkPeriod, checkTimeout, checkWait } from "../times.ts";
import { lookUp, parseTargets, type Target } from "./targets.ts";

/** Settings of `remote`. */
export interface RemoteOptions<In = string, Out = In> extends FleetOptions {
  /**
   * The servers: `host:port`, `[::1]:port`, `unix:/path`, or addresses. A name stands for all its addresses (IPv4, or IPv6 if there
   * are none), which are looked up every `resolveEveryMs`: servers come and go with them. 1 to 1024.
   */
  readonly targets: string | readonly (string | Address)[];
  /**
   * The codec of the servers, if they are not workers of a fleet (`spillway work`, `workService`): any server that answers each frame
   * with one frame, in order. Then `isGoodbye` and `isFault` recognise its other frames. Default: the protocol of workers.
   */
  readonly codec?: Codec<Out, In>;
  /**
   * With `codec`: whether a frame is the server's goodbye, the last frame before it ends a connection (`onDrain`). A request without a
   * reply by then was not handled, and goes to another server. A server with a grace must not handle frames behind its goodbye: its
   * `onDrain` calls `session.close()`, or awaits `session.draining`. Without `isGoodbye`, the end of a connection proves nothing: a
   * killed process ends it too. Default: no frame is.
   */
  readonly isGoodbye?: (frame: Out) => boolean;
  /** With `codec`: whether a frame says that the server failed at the oldest request, before it ends the connection: `worker-failed`. Default: no frame does. */
  readonly isFault?: (frame: Out) => boolean;
  /** With `codec`: a frame that every server that works answers. It is sent on each new connection, and proves it. Default: none. */
  readonly probe?: In;
  /** The connections to each server. At least 1; default 1. */
  readonly connections?: number;
  /** The most frames in flight at each server. A whole number; default 64. */
  readonly maxInFlight?: number;
  /** The time for one try: `worker-timeout`. Default 10000. `Infinity` leaves it to the handler's deadline. */
  readonly tryTimeoutMs?: number;
  /** The most tries of one frame. A whole number of at least 1; default 3. */
  readonly maxTries?: number;
  /** With `idempotent`: a frame without a reply after this time is also sent to another server, and the first reply counts. Default: never. */
  readonly hedgeAfterMs?: number;
  /** The number of consecutive tries that fail or time out for which a connection is ejected. A whole number; default 3. */
  readonly ejectAfter?: number;
  /** The first pause before a server that failed is tried again; each further one is twice as long. Default 100. */
  readonly minEjectionMs?: number;
  /** The longest such pause. Default 10000. */
  readonly maxEjectionMs?: number;
  /** The time for a connection, and for its proof. Default 2000. */
  readonly connectTimeoutMs?: number;
  /** The time between two look-ups of a name. Default 10000. */
  readonly resolveEveryMs?: number;
  /** Returns the numeric addresses of a name. Default: as other programs of the machine look it up. */
  readonly resolve?: (name: string) => Promise<readonly string[]>;
  /** TLS to every server; the certificate must be for the name in `targets`. Default: none. */
  readonly tls?: ConnectSteps["tls"];
  /** Further establish steps of each connection, behind TLS. Default: none. */
  readonly establish?: readonly EstablishStep[];
  /** Without `codec`: the most bytes of a frame or a reply, one more for its kind. Default 1 MiB. */
  readonly maxFrameBytes?: number;
  /** The transport, for tests and simulations. Default: that of the runtime. */
  readonly transport?: Transport;
  /** The clock, for tests and simulations. Default: the clock of the runtime. */
  readonly clock?: Clock;
  /** Random numbers from 0 up to 1, for pauses. Default `Math.random`. */
  readonly random?: () => number;
}

/** The checked options, with defaults. */
export interface RemoteSettings<In, Out> {
  readonly targets: readonly Target[];
  readonly codec: Codec<Out, In> | undefined;
  readonly isGoodbye: ((frame: Out) => boolean) | undefined;
  readonly isFault: ((frame: Out) => boolean) | undefined;
  readonly probe: In | undefined;
  readonly connections: number;
  readonly maxInFlight: number;
  readonly maxQueue: number;
  readonly tryTimeoutMs: number;
  readonly maxTries: number;
  readonly idempotent: boolean;
  readonly hedgeAfterMs: number;
  readonly ejectAfter: number;
  readonly minEjectionMs: number;
  readonly maxEjectionMs: number;
  readonly connectTimeoutMs: number;
  readonly waitForWorkersMs: number;
  readonly resolveEveryMs: number;
  readonly resolve: (name: string) => Promise<readonly string[]>;
  readonly tls: ConnectSteps["tls"];
  readonly establish: readonly EstablishStep[];
  readonly maxFrameBytes: number;
  readonly observer: ((event: FleetEvent) => void) | undefined;
  readonly transport: Transport | undefined;
  readonly clock: Clock;
  readonly random: () => number;
}

const OPTIONS: OptionNames<RemoteOptions<unknown, unknown>> = {
  targets: true,
  codec: true,
  isGoodbye: true,
  isFault: true,
  probe: true,
  connections: true,
  maxInFlight: true,
  maxQueue: true,
  tryTimeoutMs: true,
  maxTries: true,
  idempotent: true,
  hedgeAfterMs: true,
  ejectAfter: true,
  minEjectionMs: true,
  maxEjectionMs: true,
  connectTimeoutMs: true,
  waitForWorkersMs: true,
  resolveEveryMs: true,
  resolve: true,
  tls: true,
  establish: true,
  maxFrameBytes: true,
  observer: true,
  transport: true,
  clock: true,
  random: true,
};

/** Checks options and fills in defaults. @throws {TypeError | RangeError} an invalid option */
export function resolveRemote<In, Out>(options: RemoteOptions<In, Out>): RemoteSettings<In, Out> {
  checkOptions(options, OPTIONS);
  const { codec, isGoodbye, isFault, probe, idempotent = false, observer, tls } = options;
  if (codec === undefined) {
    const foreign = Object.entries({ isGoodbye, isFault, probe }).find(([, value]) => value !== undefined);
    if (foreign !== undefined)
      throw new TypeError(`${foreign[0]} needs a codec: the protocol of workers of a fleet has its own`);
  } else if (options.maxFrameBytes !== undefined) {
    throw new TypeError("maxFrameBytes is for workers of a fleet: a codec has its own");
  }
  const { resolve = lookUp, random = Math.random, establish = [] } = options;
  for (const [name, given] of Object.entries({ isGoodbye, isFault, observer, resolve, random })) {
    if (given !== undefined && typeof given !== "function") throw new TypeError(`${name} must be a function`);
  }
  if (typeof idempotent !== "boolean")
    throw new TypeError(`idempotent must be true or false, not ${typeof idempotent}`);
  if (options.hedgeAfterMs !== undefined && !idempotent) {
    throw new TypeError("hedgeAfterMs needs idempotent: true, because both servers may handle the frame");
  }
  if (!Array.isArray(establish)) throw new TypeError("establish must be an array of steps");
  const minEjectionMs = checkPeriod("minEjectionMs", options.minEjectionMs ?? 100);
  const maxEjectionMs = checkPeriod("maxEjectionMs", options.maxEjectionMs ?? Math.max(10_000, minEjectionMs));
  if (maxEjectionMs < minEjectionMs)
    throw new RangeError(`maxEjectionMs must be at least minEjectionMs (${minEjectionMs}), not ${maxEjectionMs}`);
  return {
    targets: parseTargets(options.targets),
    codec,
    isGoodbye,
    isFault,
    probe,
    connections: checkWhole("connections", options.connections ?? 1),
    maxInFlight: checkCount("maxInFlight", options.maxInFlight ?? 64),
    maxQueue: checkCount("maxQueue", options.maxQueue ?? 1_024),
    tryTimeoutMs: checkTimeout("tryTimeoutMs", options.tryTimeoutMs ?? 10_000),
    maxTries: checkWhole("maxTries", options.maxTries ?? 3),
    idempotent,
    hedgeAfterMs: checkTimeout("hedgeAfterMs", options.hedgeAfterMs ?? Infinity),
    ejectAfter: checkCount("ejectAfter", options.ejectAfter ?? 3),
    minEjectionMs,
    maxEjectionMs,
    connectTimeoutMs: checkPeriod("connectTimeoutMs", options.connectTimeoutMs ?? 2_000),
    waitForWorkersMs: checkWait("waitForWorkersMs", options.waitForWorkersMs ?? 1_000),
    resolveEveryMs: checkPeriod("resolveEveryMs", options.resolveEveryMs ?? 10_000),
    resolve,
    tls,
    establish,
    maxFrameBytes: checkWhole("maxFrameBytes", options.maxFrameBytes ?? 1_048_576),
    observer,
    transport: options.transport,
    clock: options.clock ?? systemClock,
    random,
  };
}
