import { SpillwayError } from "../core/mod.ts";

/** The codes of a pool's own errors. Errors that its function throws keep theirs. */
export type PoolErrorCode =
  /** No workers can be started: piscina is not installed, for instance. */
  | "pool-unavailable"
  | "pool-closed"
  /** A worker ended without an answer: it crashed, ran out of memory, or could not be sent the frame. */
  | "worker-failed";

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
