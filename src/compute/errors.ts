import { SpillwayError } from "../core/mod.ts";

/**
 * The codes of a pool's own errors. Errors that its function throws keep theirs.
 *
 * | code | meaning | what to do |
 * |---|---|---|
 * | `pool-unavailable` | no workers can be started: piscina is not installed, for instance | Install `piscina`; call `ready()` before serving, so that this shows early. |
 * | `pool-closed` | the pool was closed | Shut the server down before its pool. |
 * | `worker-failed` | a worker ended without an answer: it crashed, ran out of memory, or could not be sent the frame | Read the `cause`; raise `maxMemoryMb`, or send less at once. The worker is replaced. |
 */
export type PoolErrorCode = "pool-unavailable" | "pool-closed" | "worker-failed";

/** A {@link SpillwayError} of a pool. */
export type PoolError = SpillwayError<PoolErrorCode>;

const POOL_CODES: Readonly<Record<PoolErrorCode, true>> = {
  "pool-unavailable": true,
  "pool-closed": true,
  "worker-failed": true,
};

/**
 * Reports whether an error is a {@link SpillwayError} with a code of a pool.
 *
 * @example
 * ```ts
 * import { isPoolError, pool } from "spillway/compute";
 *
 * const primes = pool<string>(new URL("./worker.js", import.meta.url));
 * await primes.close();
 * try {
 *   await primes.ready();
 * } catch (error) {
 *   console.log(isPoolError(error) && error.code); // pool-closed
 * }
 * ```
 */
export function isPoolError(error: unknown): error is PoolError {
  return error instanceof SpillwayError && Object.hasOwn(POOL_CODES, error.code);
}

/** The codes of a fleet's own errors. Errors that a worker's handler throws keep theirs. */
export type FleetErrorCode =
  /** No worker is there, or no broker is reached. The frame was not handled. */
  | "no-workers"
  /** The queue of the fleet is full, or every worker that was asked refused the frame. It was not handled. */
  | "fleet-busy"
  /** The worker, or the connection to it or to the broker, was lost. Whether it had handled the frame is unknown. */
  | "worker-lost"
  /** No reply came in time. Whether a worker has handled the frame, or still does, is unknown. */
  | "worker-timeout"
  /** The worker failed at this frame, and said so in a frame of its codec; or gave it up after too many deliveries. */
  | "worker-failed"
  /** The frame or its reply is larger than the fleet carries. */
  | "payload-too-large"
  /** The broker's package is not installed, or the broker refuses this program. */
  | "fleet-unavailable"
  | "fleet-closed";

/** A {@link SpillwayError} of a fleet. */
export type FleetError = SpillwayError<FleetErrorCode>;

const FLEET_CODES: Readonly<Record<FleetErrorCode, true>> = {
  "no-workers": true,
  "fleet-busy": true,
  "worker-lost": true,
  "worker-timeout": true,
  "worker-failed": true,
  "payload-too-large": true,
  "fleet-unavailable": true,
  "fleet-closed": true,
};

/**
 * Reports whether an error is a {@link SpillwayError} with a code of a fleet.
 *
 * @example
 * ```ts
 * import { isFleetError, remote } from "spillway/compute";
 *
 * await using fleet = remote<string>({ targets: ["127.0.0.1:9"], waitForWorkersMs: 0 });
 * try {
 *   await fleet.handler("hello", { signal: AbortSignal.timeout(1_000) });
 * } catch (error) {
 *   console.log(isFleetError(error) && error.code); // no-workers
 * }
 * ```
 */
export function isFleetError(error: unknown): error is FleetError {
  return error instanceof SpillwayError && Object.hasOwn(FLEET_CODES, error.code);
}

/** Returns a {@link FleetError}. */
export function fleetError(code: FleetErrorCode, message: string, cause?: unknown): FleetError {
  return new SpillwayError<FleetErrorCode>(code, message, cause === undefined ? undefined : { cause });
}
