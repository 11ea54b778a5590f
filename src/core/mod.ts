/**
 * The runtime-neutral core: everything but the transports. {@link serve} takes any {@link Transport}. {@link
 * streamTransport} makes a transport of pairs of WHATWG streams; {@link DriverConnection} and {@link AcceptQueue} are
 * the parts to build one with. {@link isPromiseLike} and {@link isStream} classify the result of a middleware's `next`.
 * {@link checkCount} and similar functions validate options as the core does. {@link nearest} finds the name that was
 * probably meant. {@link resolveLimits} fills in the default limits. {@link LogOutput} writes lines without waiting.
 *
 * @module
 */

export * from "./api.ts";
export { NAME_TOPICS } from "./bus/bus.ts";
export { connect } from "./client/connect.ts";
export { lengthPrefixed } from "./codecs/length_prefixed.ts";
export { describe, type ErrorText, isError, takeApart } from "./errors/describe.ts";
export { escapeText } from "./errors/escape_text.ts";
export { isStream } from "./handler/reply_stream.ts";
export { checkCount, checkNumber, checkWhole, resolveLimits } from "./options/limits.ts";
export { nearest } from "./options/nearest.ts";
export { checkOptions, type OptionNames } from "./options/option_names.ts";
export { type Runtime, runtimeOf } from "./runtime.ts";
export {
  type DrainSignal,
  type DrainSignalOptions,
  drainOnSignals,
  type SignalSource,
  serveWithSignals,
} from "./server/drain_signals.ts";
export { serve } from "./server/serve.ts";
export { SERVICE_OPTIONS } from "./server/service.ts";
export { ErrorLog, type LoggedEvent } from "./session/error_log.ts";
export { LogOutput, type WriteText } from "./session/log_output.ts";
export { afterIo, afterRound } from "./time/clock.ts";
export { isPromiseLike } from "./time/is_promise_like.ts";
export { RepeatSampler } from "./time/repeat_sampler.ts";
export { AcceptQueue } from "./transport/accept_queue.ts";
export { addressText } from "./transport/address_text.ts";
export { type Connector, connectByName } from "./transport/connect_by_name.ts";
export { DriverConnection } from "./transport/connection.ts";
export type { Driver } from "./transport/driver.ts";
export { internAddress } from "./transport/intern_address.ts";
export {
  type FileFacts,
  listenAtPath,
  type PathHost,
  type Placed,
  type SocketFiles,
} from "./transport/listen_at_path.ts";
export { plainAddress, plainHostname } from "./transport/plain_address.ts";
export { type BoundQueue, QueueListener } from "./transport/queue_listener.ts";
export { ReadBuffer } from "./transport/read_buffer.ts";
export { type StreamPair, streamConnection } from "./transport/stream_connection.ts";
export { type StreamTransportOptions, streamTransport } from "./transport/stream_transport.ts";
export { type EnvironmentVariables, type InheritedListener, inheritedListeners } from "./transport/systemd.ts";
export type {
  ByteReader,
  ByteWriter,
  ConnectionOwner,
  Detached,
  Outcome,
  TextWriter,
  TransportConnection,
} from "./transport/transport.ts";
export { checkConnectOptions, checkListenOptions, ignoredOption } from "./transport/transport_options.ts";
export { type DescriptorFiles, isBound, pathOfDescriptor } from "./transport/unix_socket_table.ts";
