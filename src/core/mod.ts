/**
 * The runtime-neutral core: everything but the bytes. Give {@link serve} a {@link Transport}.
 *
 * @module
 */
export { type Clock, systemClock } from "./clock.ts";
export type { Codec, Decoder, Encoder, Output } from "./codec.ts";
export { type LineEncoding, type LinesOptions, lines } from "./codecs/lines.ts";
export { type Driver, DriverConnection } from "./connection.ts";
export { type CloseReason, type ErrorCode, SpillwayError } from "./errors.ts";
export type { ConnectionInfo, Context, Handler } from "./exchange.ts";
export { checkCount, checkDuration, checkHostname, checkPort, type Limits } from "./limits.ts";
export type { ConnectionClosed, DrainResult, Observer, ServerEvent } from "./observer.ts";
export {
  type ServeOptions,
  type Server,
  type ServerStats,
  type Service,
  type ShutdownOptions,
  serve,
} from "./server.ts";
export type { Traffic } from "./session.ts";
export type { Address, Bytes, Connection, ConnectOptions, Listener, ListenOptions, Transport } from "./transport.ts";
