/**
 * Worker threads for handlers with long computations: {@link pool}. Needs the package `piscina`, which is not installed with this
 * one.
 *
 * @module
 */
export { isPoolError, type PoolError, type PoolErrorCode } from "./errors.ts";
export type { Pool, PoolOptions, PoolStats } from "./pool.ts";
export { pool } from "./worker_pool.ts";
