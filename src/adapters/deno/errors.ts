import { addressText, type ConnectOptions, type ErrorCode, SpillwayError } from "../../core/mod.ts";

/** Deno's errors, by operation: looked up by `code` if the error has one, else by the name of its class. */
const LISTEN: Record<string, ErrorCode> = {
  EADDRINUSE: "address-in-use",
  AddrInUse: "address-in-use",
  EADDRNOTAVAIL: "address-not-available",
  AddrNotAvailable: "address-not-available",
  EACCES: "permission-denied",
  EPERM: "permission-denied",
  PermissionDenied: "permission-denied",
  NotCapable: "permission-denied",
};

const ACCEPT: Record<string, ErrorCode> = {
  EMFILE: "out-of-descriptors",
  ENFILE: "out-of-descriptors",
  ENOBUFS: "out-of-descriptors",
  ENOMEM: "out-of-descriptors",
  BadResource: "listener-closed",
  Interrupted: "listener-closed",
  NotCapable: "accept-failed",
};

const CONNECT: Record<string, ErrorCode> = {
  ECONNREFUSED: "connection-refused",
  ConnectionRefused: "connection-refused",
  ETIMEDOUT: "connection-timed-out",
  TimedOut: "connection-timed-out",
  // At a path: nothing is there, or the socket is for others.
  ENOENT: "connection-refused",
  NotFound: "connection-refused",
  EACCES: "permission-denied",
  EPERM: "permission-denied",
  PermissionDenied: "permission-denied",
  NotCapable: "permission-denied",
};

const CONNECTION: Record<string, ErrorCode> = {
  ECONNRESET: "connection-reset",
  ConnectionReset: "connection-reset",
  EPIPE: "connection-reset",
  BrokenPipe: "connection-reset",
  ENOTCONN: "connection-reset",
  NotConnected: "connection-reset",
  ECONNABORTED: "connection-reset",
  ConnectionAborted: "connection-reset",
};

export function listenError(cause: Error): SpillwayError {
  const code = lookUp(LISTEN, cause) ?? (isNameFailure(cause) ? "host-not-found" : "listen-failed");
  return new SpillwayError(code, `cannot listen: ${cause.message}`, { cause });
}

/**
 * Maps an error of `accept`. On Deno a client that resets before it is accepted makes `accept` throw, under several names:
 * every error that is not listed counts as such a reset.
 */
export function acceptError(cause: Error): SpillwayError {
  return new SpillwayError(lookUp(ACCEPT, cause) ?? "connection-aborted", `cannot accept: ${cause.message}`, { cause });
}

export function connectError(cause: Error, { signal, ...to }: ConnectOptions): SpillwayError {
  if (signal?.aborted) return new SpillwayError("connect-aborted", "connecting was aborted", { cause });
  const code = lookUp(CONNECT, cause) ?? (isNameFailure(cause) ? "host-not-found" : "connect-failed");
  return new SpillwayError(code, `cannot connect to ${addressText(to)}: ${cause.message}`, { cause });
}

export function connectionError(cause: Error): SpillwayError {
  return new SpillwayError(lookUp(CONNECTION, cause) ?? "connection-failed", cause.message, { cause });
}

function lookUp(table: Record<string, ErrorCode>, cause: Error): ErrorCode | undefined {
  return table[(cause as { code?: string }).code ?? ""] ?? table[cause.name];
}

/** Reports whether a name did not resolve: that error has neither a code nor a class of Deno's. */
function isNameFailure(cause: Error): boolean {
  const { code } = cause as { code?: string };
  return code === undefined && (cause.name === "Error" || cause instanceof TypeError || cause instanceof URIError);
}
