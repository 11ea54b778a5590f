/** The API for authors of servers and clients, on any transport. */
export type {
  Bus,
  BusConnection,
  BusContext,
  BusFrames,
  BusGap,
  BusOptions,
  BusStats,
  Presence,
  ServerBus,
} from "./bus/bus.ts";
export type { BusEvent } from "./bus/bus_event.ts";
export type { Client, ClientStats, CloseOptions } from "./client/client.ts";
export type { ClientEnd, ClientEvent } from "./client/client_event.ts";
export type { ClientObserver } from "./client/client_observer.ts";
export type { ClientBehaviour, ClientLimits, ClientOptions, ClientTarget } from "./client/client_options.ts";
export type { ClientSession } from "./client/client_session.ts";
export type { HeartbeatOptions } from "./client/heartbeat.ts";
export type { ReconnectOptions } from "./client/reconnect_options.ts";
export type { RequestOptions } from "./client/request_options.ts";
export type { Codec, Decoder, Encoder, Output } from "./codecs/codec.ts";
export { type LineEncoding, type LinesOptions, lines } from "./codecs/lines.ts";
export { type CloseReason, type ErrorCode, SpillwayError } from "./errors/errors.ts";
export {
  type AnyProtocol,
  type Context,
  defineProtocol,
  type Handler,
  type Protocol,
  type Reply,
} from "./handler/handler.ts";
export type { AnyMiddleware, Middleware, Next } from "./handler/middleware.ts";
export type { BroadcastOptions, BroadcastResult, Group, Recipient, Session, SessionStats } from "./handler/session.ts";
export type { ConnectionLimits, Limits, ListenerLimits, ServerLimits } from "./options/limits.ts";
export type { SendResult } from "./output/send_result.ts";
export type { SlowConsumerPolicy } from "./output/slow_consumer.ts";
export type { RuntimeServeOptions } from "./server/drain_signals.ts";
export type {
  AnyTarget,
  DescriptorTarget,
  ListenTarget,
  TargetOptions,
  TcpTarget,
  UnixTarget,
} from "./server/listen_targets.ts";
export type { Server } from "./server/server.ts";
export { defineService, type ServeOptions, type Service } from "./server/service.ts";
export type { InvalidFramePolicy } from "./session/invalid_frame.ts";
export type { ConnectionClosed, DrainResult, ObservedServer, Observer, ServerEvent } from "./session/observer.ts";
export type { ServerStats } from "./session/server_stats.ts";
export type { SessionHooks } from "./session/session_hooks.ts";
export type { ShutdownOptions } from "./session/shutdown_options.ts";
export type { Traffic } from "./session/traffic.ts";
export { type Clock, systemClock } from "./time/clock.ts";
export type {
  ConnectionFacts,
  ConnectionInfo,
  PeerCertificate,
  ProxyInfo,
  ProxyTlsInfo,
  ProxyTlv,
  TlsInfo,
} from "./transport/connection_info.ts";
export type { DetachingStep, EstablishContext, EstablishStep } from "./transport/establish.ts";
export { readHead } from "./transport/head.ts";
export { identify } from "./transport/identify.ts";
export type {
  AcceptedTcpOptions,
  AcceptTurns,
  Address,
  AnyListenOptions,
  Bytes,
  Connection,
  ConnectOptions,
  DescriptorListenOptions,
  HeadLength,
  HeldSocket,
  Identity,
  Listener,
  ListenOptions,
  SentSocket,
  TcpAddress,
  TcpConnectOptions,
  TcpListenOptions,
  Transport,
  UnixAddress,
  UnixConnectOptions,
  UnixListenOptions,
} from "./transport/transport.ts";
