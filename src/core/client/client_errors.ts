/** The errors of requests that have lost their connection. */
import { type CloseReason, type ErrorCode, SpillwayError } from "../errors/errors.ts";

/** Returns the error of a request that was not sent, and will not be. */
export function clientClosed(cause: SpillwayError | undefined): SpillwayError {
  return new SpillwayError("client-closed", "the client is closed: the request was not sent", causedBy(cause));
}

/** Returns the error of a request that was not sent on the one connection that should have carried it. */
export function connectionOver(cause?: SpillwayError): SpillwayError {
  return new SpillwayError("client-closed", "the connection is over: the request was not sent", causedBy(cause));
}

/** Returns the error of a request that was sent on a connection that is over. */
export function unanswered(code: ErrorCode, cause: SpillwayError | undefined): SpillwayError {
  const message = "the connection ended before the reply came: whether the request was carried out is unknown";
  return new SpillwayError(code, message, causedBy(cause));
}

/** Returns the error of a first connection that ended before it was ready. */
export function endedEarly(reason: CloseReason): SpillwayError {
  return new SpillwayError(reason, "the connection ended before onConnect was done");
}

function causedBy(cause: SpillwayError | undefined): ErrorOptions | undefined {
  return cause === undefined ? undefined : { cause };
}
