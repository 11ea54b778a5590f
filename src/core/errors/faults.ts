/** What a throw means: each kind of failure becomes one SpillwayError here. */
import { describe } from "./describe.ts";
import { type CloseReason, SpillwayError } from "./errors.ts";

/** What a decoder threw. */
export function frameError(cause: unknown): SpillwayError {
  if (cause instanceof SpillwayError && isFrameFault(cause)) return cause;
  return codecError(cause);
}

/** What a codec must not throw. */
export function codecError(cause: unknown): SpillwayError {
  return new SpillwayError("codec-failed", `the codec threw: ${describe(cause)}`, { cause });
}

/** What a handler, or the hook of that name, threw or rejected with. `handler-timeout` is what a middleware's own deadline says. */
export function handlerError(cause: unknown, thrower: string = "the handler"): SpillwayError {
  if (cause instanceof SpillwayError && cause.code === "handler-timeout") return cause;
  return new SpillwayError("handler-failed", `${thrower} threw: ${describe(cause)}`, { cause });
}

/** What an encoder threw: the writer's fault if this is no frame of the codec, else the codec's. */
export function encodeError(cause: unknown): SpillwayError {
  return cause instanceof SpillwayError && cause.code === "reply-invalid" ? cause : codecError(cause);
}

/** What an encoder threw at a handler's reply. */
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

/** A deadline passed. */
export function timeoutError(code: keyof typeof OVERDUE): SpillwayError {
  return new SpillwayError(code, OVERDUE[code]);
}

/** There is no room for what is sent. */
export function slowConsumerError(): SpillwayError {
  return new SpillwayError("slow-consumer", "the peer does not take what is sent to it");
}

/** More waits in the whole server than it may, and this connection holds the most of it. */
export function budgetError(limit: "maxTotalOutboundBytes" | "maxTotalInboundBytes"): SpillwayError {
  const message = `more bytes wait than ${limit}, and this connection holds the most of them`;
  return new SpillwayError("budget-exceeded", message);
}

/** What a listener failed with. */
export function acceptError(cause: unknown): SpillwayError {
  if (cause instanceof SpillwayError) return cause;
  return new SpillwayError("accept-failed", `accepting failed: ${describe(cause)}`, { cause });
}

/** What a stream of a connection failed with. */
export function connectionError(cause: unknown): SpillwayError {
  if (cause instanceof SpillwayError) return cause;
  return new SpillwayError("connection-failed", `the connection failed: ${describe(cause)}`, { cause });
}

/** The reason that a broken connection ends with. */
export function brokenReason(error: SpillwayError | undefined): CloseReason {
  return error?.code === "connection-reset" ? "connection-reset" : "connection-failed";
}

/** Whether a frame can be dropped for it, and the connection go on. */
export function isSkippable({ code }: SpillwayError): boolean {
  return code === "frame-too-large" || code === "frame-invalid";
}

function isFrameFault(error: SpillwayError): boolean {
  return isSkippable(error) || error.code === "unexpected-eof";
}
