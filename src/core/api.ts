/** What the author of a server needs, whatever carries the bytes. */
export type { Client, ClientStats, CloseOptions, RequestOptions } from "./client/client.ts";
export type { ClientEnd, ClientEvent, ClientObserver } from "./client/client_observer.ts";
export type { ClientBehaviour, ClientLimits, ClientOptions, ClientTarget } from "./client/client_options.ts";
export type { ClientSession } from "./client/client_session.ts";
export type { HeartbeatOptions } from "./client/heartbeat.ts";
export type { ReconnectOptions } from "./client/reconnect_options.ts";
export { type Clock, systemClock } from "./clock.ts";
export type { Codec, Decoder, Encoder, Output } from "./codec.ts";
export { type LineEncoding, type LinesOptions, lines } from "./codecs/lines.ts";
export type { RuntimeServeOptions } from "./drain_signals.ts";
export { type CloseReason, type ErrorCode, SpillwayError } from "./errors.ts";
export type { ConnectionInfo, Context, Handler, Reply, Upgrade } from "./exchange.ts";
export type { BroadcastOptions, BroadcastResult, Group } from "./group.ts";
export type { InvalidFramePolicy } from "./invalid_frame.ts";
export type { Limits } from "./limits.ts";
export type { AnyMiddleware, Middleware, Next } from "./middleware.ts";
export type { ConnectionClosed, DrainResult, Observer, ServerEvent } from "./observer.ts";
export type { Server, ShutdownOptions } from "./server.ts";
export type { ServerStats } from "./server_stats.ts";
export { defineService, type ServeOptions, type Service } from "./service.ts";
export type { SendResult, Session } from "./session.ts";
export type { SlowConsumerPolicy } from "./slow_consumer.ts";
export type { Traffic } from "./traffic.ts";
export type {
  Address,
  Bytes,
  Connection,
  ConnectionOwner,
  ConnectOptions,
  Listener,
  ListenOptions,
  Transport,
} from "./transport.ts";
