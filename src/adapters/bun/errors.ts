import { addressText, type ConnectOptions, type ErrorCode, SpillwayError } from "../../core/mod.ts";

/** Bun's error codes, by operation. Codes, never errno: Bun's are positive, Node's negative. */
const LISTEN: Record<string, ErrorCode> = {
  EADDRINUSE: "address-in-use",
  EADDRNOTAVAIL: "address-not-available",
  EACCES: "permission-denied",
  EPERM: "permission-denied",
};

const CONNECT: Record<string, ErrorCode> = {
  ECONNREFUSED: "connection-refused",
  ETIMEDOUT: "connection-timed-out",
  ENOTFOUND: "host-not-found",
  EAI_AGAIN: "host-not-found",
  DNS_ENOTFOUND: "host-not-found",
  DNS_ENODATA: "host-not-found",
  // At a path: nothing is there, or the socket is for others.
  ENOENT: "connection-refused",
  EACCES: "permission-denied",
  EPERM: "permission-denied",
};

const CONNECTION: Record<string, ErrorCode> = {
  ECONNRESET: "connection-reset",
  EPIPE: "connection-reset",
  ECONNABORTED: "connection-reset",
};

/** Maps an error of `listen`: of one on the descriptor `fd`, if it is given. */
export function listenError(cause: Error, fd?: number): SpillwayError {
  const code = lookUp(LISTEN, cause) ?? (fd === undefined && isNameFailure(cause) ? "host-not-found" : "listen-failed");
  const message = fd === undefined ? cause.message : `descriptor ${fd} is no bound stream socket: ${cause.message}`;
  return new SpillwayError(code, `cannot listen: ${message}`, { cause });
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
  return table[(cause as { code?: string }).code ?? ""];
}

/** Reports whether a name did not resolve: that error is a plain Error without a code, recognisable only by its text. */
function isNameFailure(cause: Error): boolean {
  return (cause as { code?: string }).code === undefined || /resolve|getaddrinfo|not found/i.test(cause.message);
}
