/**
 * Handlers that compute for long, in worker threads: {@link pool}. Needs the package `piscina`, which is not
 * installed with this one.
 *
 * @module
 */
export { type Pool, type PoolOptions, type PoolStats, pool } from "./pool.ts";
