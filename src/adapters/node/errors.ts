import { addressText, type ConnectOptions, type ErrorCode, SpillwayError } from "../../core/mod.ts";
import { isDeno } from "./native.ts";

/** Node's error codes, by operation. Codes, never errno: the sign of errno differs between runtimes. */
const LISTEN: Record<string, ErrorCode> = {
  EADDRINUSE: "address-in-use",
  EADDRNOTAVAIL: "address-not-available",
  EACCES: "permission-denied",
  EPERM: "permission-denied",
  ENOTFOUND: "host-not-found",
  EAI_AGAIN: "host-not-found",
};

const ACCEPT: Record<string, ErrorCode> = {
  EMFILE: "out-of-descriptors",
  ENFILE: "out-of-descriptors",
  ENOBUFS: "out-of-descriptors",
  ENOMEM: "out-of-descriptors",
  ECONNABORTED: "connection-aborted",
  ECONNRESET: "connection-aborted",
};

const CONNECT: Record<string, ErrorCode> = {
  ECONNREFUSED: "connection-refused",
  ETIMEDOUT: "connection-timed-out",
  ENOTFOUND: "host-not-found",
  EAI_AGAIN: "host-not-found",
  EADDRNOTAVAIL: "address-not-available",
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
  const message = fd === undefined ? cause.message : `descriptor ${fd} is no bound stream socket: ${cause.message}`;
  // Deno's node:net says EINVAL of an address that is not this machine's.
  const foreign = isDeno() && fd === undefined && (cause as NodeJS.ErrnoException).code === "EINVAL";
  const code = foreign ? "address-not-available" : lookUp(LISTEN, cause, "listen-failed");
  return new SpillwayError(code, `cannot listen: ${message}`, { cause });
}

export function acceptError(cause: Error): SpillwayError {
  return new SpillwayError(lookUp(ACCEPT, cause, "accept-failed"), `cannot accept: ${cause.message}`, { cause });
}

export function connectError(cause: Error, { signal, ...to }: ConnectOptions): SpillwayError {
  if (signal?.aborted) return new SpillwayError("connect-aborted", "connecting was aborted", { cause });
  const message = `cannot connect to ${addressText(to)}: ${cause.message}`;
  return new SpillwayError(lookUp(CONNECT, cause, "connect-failed"), message, { cause });
}

export function connectionError(cause: Error): SpillwayError {
  return new SpillwayError(lookUp(CONNECTION, cause, "connection-failed"), cause.message, { cause });
}

function lookUp(table: Record<string, ErrorCode>, cause: Error, otherwise: ErrorCode): ErrorCode {
  return table[(cause as NodeJS.ErrnoException).code ?? ""] ?? otherwise;
}
