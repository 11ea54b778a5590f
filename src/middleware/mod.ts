/**
 * Middleware for the handlers of a server: {@link rateLimit}, {@link timeout}, {@link logging} and {@link authenticate}. All of
 * them use the public API only: your own middleware can do the same.
 *
 * @module
 */
export { type AuthenticateOptions, authenticate } from "./authenticate.ts";
export { type HandledFrame, type LoggingOptions, logging } from "./logging.ts";
export { type RateLimitOptions, rateLimit } from "./rate_limit.ts";
export { type TimeoutOptions, timeout } from "./timeout.ts";
export { withSignal } from "./with_signal.ts";
