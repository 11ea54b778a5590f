/** What becomes of requests when there is no connection for them any more. */
import { type CloseReason, type ErrorCode, SpillwayError } from "../errors/errors.ts";

/** The client is closed: nothing more is sent. */
export function clientClosed(cause: SpillwayError | undefined): SpillwayError {
  return new SpillwayError("client-closed", "the client is closed: the request was not sent", causedBy(cause));
}

/** The one connection that should have carried the request is over. */
export function connectionOver(cause?: SpillwayError): SpillwayError {
  return new SpillwayError("client-closed", "the connection is over: the request was not sent", causedBy(cause));
}

/** The connection that carried the request is over. */
export function unanswered(code: ErrorCode, cause: SpillwayError | undefined): SpillwayError {
  const message = "the connection ended before the reply came: whether the request was carried out is unknown";
  return new SpillwayError(code, message, causedBy(cause));
}

/** The first connection is over before it was of any use. */
export function endedEarly(reason: CloseReason): SpillwayError {
  return new SpillwayError(reason, "the connection ended before onConnect was done");
}

function causedBy(cause: SpillwayError | undefined): ErrorOptions | undefined {
  return cause === undefined ? undefined : { cause };
}
