/**
 * The reason for which a connection ended. Every connection ends with exactly one.
 *
 * | reason | meaning | what to do |
 * |---|---|---|
 * | `remote-closed` | the peer sent FIN, and its frames were answered | Nothing: this is the usual end. |
 * | `handler-closed` | the handler, `session.close()` or the admin endpoint closed it, and its reply was sent | Nothing. |
 * | `drained` | this side shut down (`server.shutdown()`, `client.close()`); frames in flight were answered | Nothing. `unconfirmed` tells whether the peer may miss the last bytes. |
 * | `unexpected-eof` | FIN in the middle of a frame | Look whether peers end without the last terminator (`unterminated: "deliver"` accepts that), or die while they send. |
 * | `connection-reset` | the peer reset the connection, or went away while a reply was being sent | Usual for peers that are killed. Many at once point to a proxy or load balancer with a shorter idle timeout. |
 * | `connection-failed` | the connection broke in another way | Read the error's `cause`: the network failed, or keepalive found nobody. |
 * | `frame-too-large` | the decoder refused a frame that exceeds its limit | Raise `maxFrameBytes` of the codec if such frames are legitimate; else look at the peer. |
 * | `frame-invalid` | the decoder refused a malformed frame | The peer speaks another protocol, or another version. `invalidFrame: "skip"` drops single frames. |
 * | `codec-failed` | the codec threw an unexpected error | A defect of the codec: its error is the `cause`. |
 * | `handler-failed` | the handler or a hook threw, rejected, or returned a value that the codec cannot encode | Mend the handler: the thrown value is the `cause`, with its stack. Catch what is expected, and reply. |
 * | `handler-timeout` | a handler did not finish within `handlerTimeoutMs` | Find what it waits for; give `context.signal` to it. Raise the limit only if such work is normal. |
 * | `idle-timeout` | no byte went in either direction for `idleTimeoutMs` | Nothing, or let peers send a heartbeat. |
 * | `silence-timeout` | no byte came for `silenceTimeoutMs` | The peer is gone or hangs. Its heartbeat must be more frequent than the limit. |
 * | `frame-timeout` | a frame was not complete within `frameTimeoutMs` | A peer on a bad network, or an attack (slow loris). Raise the limit for large frames on slow links. |
 * | `write-timeout` | the peer read too slowly for `writeTimeoutMs` | The peer hangs or its network is slow: see `minWriteBytesPerSecond`. |
 * | `authentication-timeout` | the peer did not authenticate within `authenticationTimeoutMs` | Port scans do this. Else look at the login of the peer. |
 * | `request-timeout` | the peer answered no more requests of this side (as the code of a request: it was not answered in time) | Look at the server; raise `requestTimeoutMs` if its answers take long. |
 * | `slow-consumer` | the peer does not read the output, and the policy is `"reset"` | Send less to such peers, use `"drop"` or `"drop-oldest"`, or raise `maxOutboundBytes`. |
 * | `budget-exceeded` | more bytes waited in the whole server than `maxTotalOutboundBytes` or `maxTotalInboundBytes`, and this connection held the most of them | The server is near its memory limit: find the slow peers (`sort=waitingBytes`), lower the limits for each connection, or raise the budget. |
 * | `establish-timeout` | the steps of a connection, or of `context.startTls()`, took longer than `establishTimeoutMs` | Port scans do this. If many: a step waits for something slow, or the processor is busy with handshakes. |
 * | `establish-failed` | an establish step threw an error without a code | A defect of that step: its error is the `cause`. |
 * | `tls-failed` | the TLS handshake failed | The message says which check: a plaintext client, a version, a name, an expired certificate. |
 * | `lifetime-reached` | the connection reached `lifetimeMs` | Nothing: peers should connect again. |
 * | `too-many-connections` | `maxConnections` was reached and the policy is `"reject"` | Raise `maxConnections` and the limit of descriptors, or limit single addresses (`spillway/admission`). |
 * | `drain-timeout` | the connection was still busy at the end of the drain, or the drain was forced | Raise `drainTimeoutMs`, or let handlers heed `session.draining`. |
 * | `aborted` | this side aborted it (`client.abort()`, `session.abort()`) | Nothing: somebody asked for it. |
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
 * optional part of the package declares further codes, such as `PoolErrorCode` of `spillway/compute`. Every
 * {@link CloseReason} is a code, too.
 *
 * | code | meaning | what to do |
 * |---|---|---|
 * | `reply-invalid` | the reply or push is not a frame of this codec | Mend the handler; the message says what the codec takes. |
 * | `address-in-use` | another socket listens on this port or path | Find it (`ss -ltnp`), or choose another port. For a restart without a gap, use `reusePort` or an inherited socket. |
 * | `address-not-available` | this machine has no such address | Check `hostname` against `ip address`; an address may come later than the service at boot. |
 * | `permission-denied` | this user may not listen on or connect to this port or path | Ports below 1024 need a privilege, or a socket from systemd; for a path, the right to its directory. |
 * | `host-not-found` | the name does not resolve | Check the name and the resolver. |
 * | `listen-failed` | listening failed in another way | Read the `cause`. |
 * | `connection-aborted` | a connection failed before it was accepted | Nothing: the next one may succeed. |
 * | `out-of-descriptors` | no file descriptor or buffer is free; accepting is tried again | Raise the limit (`LimitNOFILE`, `ulimit -n`) above `maxConnections`, or lower `maxConnections`. |
 * | `listener-closed` | the listener is closed | Nothing after a drain; else something closed the descriptor: restart. |
 * | `accept-failed` | accepting failed for good | Read the `cause`, and restart: the server accepts nothing more. |
 * | `connection-refused` | nobody listens at the address | Start the server, or correct the address. |
 * | `connection-timed-out` | no connection within `connectTimeoutMs` | A firewall drops packets, or the backlog of the server is full. |
 * | `connect-aborted` | `signal`, `close()` or `abort()` ended the attempt | Nothing. |
 * | `connect-failed` | connecting failed in another way | Read the `cause`. |
 * | `client-closed` | the client, or the one connection that the request was meant for, is closed or closing: the request was not sent | Connect again; the request may be repeated safely. |
 * | `bus-unavailable` | a package that the bus needs is not installed | Install the package that the message names. |
 * | `bus-connect-failed` | the broker refused the connection, or did not answer | Attempts go on. Check the address, the password, and whether the broker runs. |
 * | `bus-disconnected` | the connection to the broker ended, or the broker no longer answers | Attempts go on: look at the broker and the network. |
 * | `bus-full` | more waits for the broker than `maxWaitingBytes`, and the policy is `"refuse"` | The broker is down or slow: nobody got the frame; try again later. |
 * | `bus-frame-too-large` | the frame is larger than the messages of the broker may be | Send less, or raise `max_payload` of the broker and `maxPayloadBytes`. |
 * | `bus-frame-invalid` | the frame has no form in which it can cross between servers | Give the bus a `frames` codec, or send text, bytes or JSON. |
 * | `bus-message-invalid` | a message on the bus is of another version or of somebody else, or no codec here takes its frame | Use another prefix for other services, and upgrade all servers. |
 * | `bus-gap` | frames of another server did not arrive | `onGap` resynchronises the service. Often: the broker is too slow or was restarted. |
 * | `bus-origin-taken` | another server has the identity of this one | A process was copied with its memory: restart one of them. |
 * | `runtime-unsupported` | this runtime has no transport, or does not support an option | docs/runtimes.md says what works where: leave the option out, or use another runtime. |
 */
export type ErrorCode =
  | CloseReason
  | "reply-invalid"
  // Listening
  | "address-in-use"
  | "address-not-available"
  | "permission-denied"
  | "host-not-found"
  | "listen-failed"
  // Accepting
  | "connection-aborted"
  | "out-of-descriptors"
  | "listener-closed"
  | "accept-failed"
  // Connecting
  | "connection-refused"
  | "connection-timed-out"
  | "connect-aborted"
  | "connect-failed"
  // Requests
  | "client-closed"
  // The bus
  | "bus-unavailable"
  | "bus-connect-failed"
  | "bus-disconnected"
  | "bus-full"
  | "bus-frame-too-large"
  | "bus-frame-invalid"
  | "bus-message-invalid"
  | "bus-gap"
  | "bus-origin-taken"
  // Any call
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
  /** Always `SpillwayError`. */
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
