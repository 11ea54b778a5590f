/**
 * A log with one line for each connection, written when the connection ends: {@link accessLog}.
 *
 * @module
 */
export {
  ACCESS_LOG_FORMATS,
  type AccessLog,
  type AccessLogFormat,
  type AccessLogOptions,
  accessLog,
} from "./access_log.ts";
