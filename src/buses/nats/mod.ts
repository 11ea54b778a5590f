/**
 * A bus over NATS: its subjects. Needs the package `@nats-io/transport-node`, which is loaded when a server starts.
 *
 * @module
 */
export { type NatsOptions, nats } from "./nats.ts";
