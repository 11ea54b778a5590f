/**
 * A bus over Redis: its channels. Needs the package `@redis/client`, which is loaded when a server starts.
 *
 * @module
 */
export { type RedisOptions, redis } from "./redis.ts";
