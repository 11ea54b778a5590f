/** Maps each kind of failure to one SpillwayError. */
import { describe } from "./describe.ts";
import { type CloseReason, SpillwayError } from "./errors.ts";

/** Maps a value that a decoder threw. */
export function frameError(cause: unknown): SpillwayError {
  if (cause instanceof SpillwayError && isFrameFault(cause)) return cause;
  return codecError(cause);
}

/** Maps a value that a codec must not throw. */
export function codecError(cause: unknown): SpillwayError {
  return new SpillwayError("codec-failed", `the codec threw: ${describe(cause)}`, { cause });
}

/**
 * Maps a value that a handler, or the hook named `thrower`, threw or rejected with. `handler-timeout` comes from the
 * deadline of a middleware, and is kept.
 */
export function handlerError(cause: unknown, thrower: string = "the handler"): SpillwayError {
  if (cause instanceof SpillwayError && cause.code === "handler-timeout") return cause;
  return new SpillwayError("handler-failed", `${thrower} threw: ${describe(cause)}`, { cause });
}

/** Maps a value that an encoder threw: `reply-invalid` is the fault of the writer, anything else that of the codec. */
export function encodeError(cause: unknown): SpillwayError {
  return cause instanceof SpillwayError && cause.code === "reply-invalid" ? cause : codecError(cause);
}

/** Maps a value that an encoder threw for the reply of a handler. */
export function replyError(cause: unknown): SpillwayError {
  const error = encodeError(cause);
  if (error.code !== "reply-invalid") return error;
  return new SpillwayError("handler-failed", `the handler's reply was refused: ${error.message}`, { cause: error });
}

const OVERDUE = {
  "frame-timeout": "a frame was begun and not finished in time",
  "handler-timeout": "the handler did not finish in time",
  "authentication-timeout": "authentication was not completed in time",
  "write-timeout": "the peer takes too little of what waits to be sent",
} as const;

/** Returns the error of a deadline that passed. */
export function timeoutError(code: keyof typeof OVERDUE): SpillwayError {
  return new SpillwayError(code, OVERDUE[code]);
}

/** Returns the error of a connection without room for further output. */
export function slowConsumerError(): SpillwayError {
  return new SpillwayError("slow-consumer", "the peer does not take what is sent to it");
}

/** Returns the error of the connection that holds the most waiting bytes when the whole server exceeds `limit`. */
export function budgetError(limit: "maxTotalOutboundBytes" | "maxTotalInboundBytes"): SpillwayError {
  const message = `more bytes wait than ${limit}, and this connection holds the most of them`;
  return new SpillwayError("budget-exceeded", message);
}

/** Maps the failure of a listener. */
export function acceptError(cause: unknown): SpillwayError {
  if (cause instanceof SpillwayError) return cause;
  return new SpillwayError("accept-failed", `accepting failed: ${describe(cause)}`, { cause });
}

/** Maps the failure of a stream of a connection. */
export function connectionError(cause: unknown): SpillwayError {
  if (cause instanceof SpillwayError) return cause;
  return new SpillwayError("connection-failed", `the connection failed: ${describe(cause)}`, { cause });
}

/** Returns the close reason of a broken connection. */
export function brokenReason(error: SpillwayError | undefined): CloseReason {
  return error?.code === "connection-reset" ? "connection-reset" : "connection-failed";
}

/** Reports whether the frame that caused an error can be dropped while the connection continues. */
export function isSkippable({ code }: SpillwayError): boolean {
  return code === "frame-too-large" || code === "frame-invalid";
}

function isFrameFault(error: SpillwayError): boolean {
  return isSkippable(error) || error.code === "unexpected-eof";
}
