/**
 * The runtime-neutral core: everything but the bytes. {@link serve} takes any {@link Transport}; {@link DriverConnection}
 * and {@link AcceptQueue} are what to build one with.
 *
 * @module
 */
export { AcceptQueue } from "./accept_queue.ts";
export * from "./api.ts";
export { type Driver, DriverConnection } from "./connection.ts";
export { ReadBuffer } from "./read_buffer.ts";
export { serve } from "./server.ts";
