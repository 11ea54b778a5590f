import type { CloseReason } from "../../core/mod.ts";

const EVERY_CLOSE_REASON: Readonly<Record<CloseReason, true>> = {
  "remote-closed": true,
  "handler-closed": true,
  drained: true,
  "unexpected-eof": true,
  "connection-reset": true,
  "connection-failed": true,
  "frame-too-large": true,
  "frame-invalid": true,
  "codec-failed": true,
  "handler-failed": true,
  "handler-timeout": true,
  "idle-timeout": true,
  "silence-timeout": true,
  "frame-timeout": true,
  "write-timeout": true,
  "authentication-timeout": true,
  "request-timeout": true,
  "slow-consumer": true,
  "budget-exceeded": true,
  "establish-timeout": true,
  "establish-failed": true,
  "tls-failed": true,
  "lifetime-reached": true,
  "too-many-connections": true,
  "drain-timeout": true,
  aborted: true,
};

/** The counters of events by a code. */
export type CodeCounter = "closed" | "establishFailures" | "acceptErrors" | "frameErrors" | "handlerErrors";

/** The values of labels that are there from the beginning: to a database, a series that begins with 1 has not grown. */
export const KNOWN_CODES: Readonly<Record<CodeCounter, readonly string[]>> = {
  /** A server has no requests, which could end a connection. */
  closed: Object.keys(EVERY_CLOSE_REASON).filter((reason) => reason !== "request-timeout"),
  establishFailures: ["establish-failed", "establish-timeout", "drained"],
  acceptErrors: ["out-of-descriptors", "connection-aborted", "accept-failed", "listener-closed"],
  frameErrors: ["frame-too-large", "frame-invalid", "codec-failed"],
  handlerErrors: ["handler-failed", "handler-timeout"],
};
