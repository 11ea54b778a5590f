/**
 * The runtime-neutral core: everything but the bytes. {@link serve} takes any {@link Transport}; {@link DriverConnection}
 * and {@link AcceptQueue} are what to build one with.
 *
 * @module
 */
export { AcceptQueue } from "./accept_queue.ts";
export * from "./api.ts";
export { connect } from "./client/client.ts";
export { DriverConnection } from "./connection.ts";
export type { Driver } from "./driver.ts";
export { ReadBuffer } from "./read_buffer.ts";
export { serve } from "./server.ts";
