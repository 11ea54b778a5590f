/**
 * The runtime-neutral core: everything but the bytes. {@link serve} takes any {@link Transport}; {@link DriverConnection}
 * and {@link AcceptQueue} are what to build one with. {@link isPromiseLike} and {@link isStream} tell a middleware what `next`
 * gave; {@link checkCount} and its like refuse options that make no sense, as the core does; {@link nearest} is the name that
 * was probably meant; {@link resolveLimits} gives the defaults.
 *
 * @module
 */
export { AcceptQueue } from "./accept_queue.ts";
export { addressText } from "./address_text.ts";
export * from "./api.ts";
export { isPromiseLike } from "./awaited.ts";
export { connect } from "./client/client.ts";
export { afterIo, afterRound } from "./clock.ts";
export { commonAddress } from "./common_address.ts";
export { type Addresses, connectToFirst } from "./connect_to_first.ts";
export { DriverConnection } from "./connection.ts";
export { describe, type ErrorText, isError, takeApart } from "./describe.ts";
export {
  type DrainSignal,
  type DrainSignalOptions,
  drainOnSignals,
  type SignalSource,
  serveWithSignals,
} from "./drain_signals.ts";
export type { Driver } from "./driver.ts";
export { ErrorLog, type LoggedEvent } from "./error_log.ts";
export { escapeText } from "./escape_text.ts";
export { checkCount, checkNumber, checkWhole, resolveLimits } from "./limits.ts";
export { nearest } from "./nearest.ts";
export { checkOptions, type OptionNames } from "./option_names.ts";
export { plainAddress, plainHostname } from "./plain_address.ts";
export { ReadBuffer } from "./read_buffer.ts";
export { RepeatSampler } from "./repeat_sampler.ts";
export { isStream } from "./reply_stream.ts";
export { serve } from "./serve.ts";
export { SERVICE_OPTIONS } from "./service.ts";
