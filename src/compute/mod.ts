/**
 * Handlers that compute for long, in worker threads: {@link pool}. Needs the package `piscina`, an optional peer.
 *
 * @module
 */
export { type Pool, type PoolOptions, type PoolStats, pool } from "./pool.ts";
