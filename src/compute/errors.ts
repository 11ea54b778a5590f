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

const CODES: Readonly<Record<PoolErrorCode, true>> = {
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
  return error instanceof SpillwayError && Object.hasOwn(CODES, error.code);
}
