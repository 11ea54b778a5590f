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

/**
 * The codes of a fleet's own errors. Errors that a worker's handler throws keep theirs.
 *
 * | code | meaning | what to do |
 * |---|---|---|
 * | `no-workers` | no worker is there, or no broker is reached; the frame was not handled | Start workers, or look at the broker and the subject or stream. |
 * | `fleet-busy` | the queue of the fleet is full, or every worker that was asked refused the frame; it was not handled | Add workers, or let peers try again later. |
 * | `worker-lost` | the worker, or the connection to it or to the broker, was lost; whether it had handled the frame is unknown | Try again if the work may be done twice: `idempotent: true` does. |
 * | `worker-timeout` | no reply came in time; whether a worker has handled the frame, or still does, is unknown | Raise `tryTimeoutMs` if such work is normal; else look at the workers. |
 * | `worker-failed` | the worker failed at this frame, and said so in a frame of its codec; or gave it up after too many deliveries | Look into the log of the workers, and at the stream of dead frames. |
 * | `payload-too-large` | the frame or its reply is larger than the fleet carries | Send less, or raise `maxFrameBytes` and the limit of the broker. |
 * | `fleet-unavailable` | the broker's package is not installed, or the broker refuses this program | Install the package, or correct the credentials. |
 * | `fleet-closed` | `close()` was called | Nothing: shut the server down first. |
 */
export type FleetErrorCode =
  | "no-workers"
  | "fleet-busy"
  | "worker-lost"
  | "worker-timeout"
  | "worker-failed"
  | "payload-too-large"
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
