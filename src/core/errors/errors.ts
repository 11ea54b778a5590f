/**
 * The reason for which a connection ended. Every connection ends with exactly one.
 *
 * | reason | meaning |
 * |---|---|
 * | `remote-closed` | the peer sent FIN, and its frames were answered |
 * | `handler-closed` | the handler closed it (`context.close()`, `session.close()`), and its reply was sent |
 * | `drained` | this side shut down (`server.shutdown()`, `client.close()`); what was in flight was answered |
 * | `unexpected-eof` | FIN in the middle of a frame |
 * | `connection-reset` | the peer reset the connection, or went away while a reply was being sent |
 * | `connection-failed` | the connection broke in another way |
 * | `frame-too-large` / `frame-invalid` | the decoder refused a frame |
 * | `codec-failed` | the codec threw an unexpected error |
 * | `handler-failed` | the handler threw, rejected, or returned a value that the codec cannot encode |
 * | `handler-timeout`, `idle-timeout`, `silence-timeout`, `frame-timeout`, `write-timeout`, `authentication-timeout` | that deadline passed |
 * | `request-timeout` | the peer answered no more requests of this side (as the code of a request: it was not answered in time) |
 * | `slow-consumer` | the peer does not read the output, and the policy is `"reset"` |
 * | `budget-exceeded` | more bytes waited in the whole server than `maxTotalOutboundBytes` or `maxTotalInboundBytes`, and this connection held the most of them |
 * | `establish-timeout`, `establish-failed`, `tls-failed` | the connection was not established again after `context.startTls()` |
 * | `lifetime-reached` | the connection reached its maximum lifetime |
 * | `too-many-connections` | `maxConnections` was reached and the policy is `"reject"` |
 * | `drain-timeout` | the connection was still busy at the end of the drain, or the drain was forced |
 * | `aborted` | this side aborted it (`client.abort()`) |
 */
export type CloseReason =
  | "remote-closed"
  | "handler-closed"
  | "drained"
  | "unexpected-eof"
  | "connection-reset"
  | "connection-failed"
  | "frame-too-large"
  | "frame-invalid"
  | "codec-failed"
  | "handler-failed"
  | "handler-timeout"
  | "idle-timeout"
  | "silence-timeout"
  | "frame-timeout"
  | "write-timeout"
  | "authentication-timeout"
  | "request-timeout"
  | "slow-consumer"
  | "budget-exceeded"
  | "establish-timeout"
  | "establish-failed"
  | "tls-failed"
  | "lifetime-reached"
  | "too-many-connections"
  | "drain-timeout"
  | "aborted";

/**
 * The failures of servers, clients, codecs and transports, as stable strings. Match on the code, never on a message. An
 * optional part of the package declares further codes, such as `PoolErrorCode` of `spillway/compute`.
 */
export type ErrorCode =
  | CloseReason
  /** The reply is not a frame of this codec. */
  | "reply-invalid"
  // Listening
  | "address-in-use"
  | "address-not-available"
  | "permission-denied"
  | "host-not-found"
  | "listen-failed"
  // Accepting
  /** A connection failed before it was accepted; the next one may succeed. */
  | "connection-aborted"
  /** No file descriptor or buffer is free; accepting may succeed later. */
  | "out-of-descriptors"
  | "listener-closed"
  | "accept-failed"
  // Connecting
  | "connection-refused"
  | "connection-timed-out"
  | "connect-aborted"
  | "connect-failed"
  // Requests
  /**
   * The client, or the one connection that the request was meant for, is closed or closing: the request was not sent.
   */
  | "client-closed"
  // The bus
  /** A package that the bus needs is not installed. */
  | "bus-unavailable"
  | "bus-connect-failed"
  /** The connection to the broker ended, or the broker no longer answers. */
  | "bus-disconnected"
  /** More waits for the broker than `maxWaitingBytes`, and the policy is `"refuse"`. */
  | "bus-full"
  /** The frame is larger than the broker's messages may be, or has no form in which it can cross between servers. */
  | "bus-frame-too-large"
  | "bus-frame-invalid"
  /** A message on the bus that no server of this version sends, or that no member's codec can encode. */
  | "bus-message-invalid"
  /** Frames of another server did not arrive. */
  | "bus-gap"
  /** Another server sends under the identity of this one. */
  | "bus-origin-taken"
  /** This runtime has no transport, or does not support an option. */
  | "runtime-unsupported";

/**
 * The error class of Spillway. Misuse throws `TypeError` or `RangeError` at the call instead. For codes of your own,
 * name the type: `new SpillwayError<"quota-exceeded">("quota-exceeded", "…")`.
 *
 * @example
 * ```ts
 * import { SpillwayError } from "spillway";
 *
 * const error = new SpillwayError("frame-too-large", "a line of more than 65536 bytes");
 * console.log(error.code, error.message);
 * ```
 */
export class SpillwayError<Code extends string = ErrorCode> extends Error {
  override readonly name = "SpillwayError";
  /** Identifies the failure. */
  readonly code: Code;

  /** `cause` holds the value that a runtime or a handler threw. */
  constructor(code: NoInfer<Code>, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }

  /**
   * Recognizes errors of another copy of this package: a process may have two, that of a service module and that of the
   * command line that serves it.
   */
  static override [Symbol.hasInstance](value: unknown): value is SpillwayError {
    try {
      if (super[Symbol.hasInstance](value)) return typeof (value as SpillwayError).code === "string";
      return this === SpillwayError && value instanceof Error && value.name === "SpillwayError";
    } catch {
      // The value is a revoked Proxy, or an Error whose properties throw.
      return false;
    }
  }
}
