/** The codes of the errors that the admin endpoint answers with, in `error.code` of the JSON. */
export type AdminErrorCode =
  /** The request is malformed: its target, a parameter, or its body. */
  | "bad-request"
  /** The `Host` names neither a loopback name, nor an address of the endpoint, nor one of `hosts`. */
  | "host-not-allowed"
  /** The request comes from a page of another origin. */
  | "origin-not-allowed"
  /** The endpoint has no token, so nothing can be changed. */
  | "no-token"
  /** The token is missing or wrong. */
  | "unauthorized"
  /** There is no such route. */
  | "not-found"
  /** There is no open connection of that number. */
  | "no-such-connection"
  /** The route has other methods: see `Allow`. */
  | "method-not-allowed"
  /** What the route needs was not given to `admin`. */
  | "not-configured"
  /** No server listens yet. */
  | "not-listening"
  /** The server drains already. */
  | "draining"
  | "body-too-large"
  | "body-not-json"
  | "target-too-long"
  /** More requests than the endpoint answers, or more streams of events. */
  | "too-many-requests"
  | "too-many-streams"
  /** The responses that wait to be read take too much memory. */
  | "busy"
  /** A function that was given to `admin` threw. */
  | "failed";
