// @ts-check

const GOOD = new Set(["remote-closed", "handler-closed", "drained"]);
const NOTE = new Set([
  "idle-timeout",
  "lifetime-reached",
  "aborted",
  "connection-opened",
  "connection-closed",
  "worker-started",
  "reload-started",
]);
const BAD = new Set([
  "handler-failed",
  "codec-failed",
  "handler-error",
  "accept-error",
  "budget-exceeded",
  "drain-timeout",
  "worker-killed",
  "upgrade-failed",
  "successor-lost",
]);
const EVENTS = new Set([
  "listening",
  "draining",
  "connections-available",
  "accepting-stopped",
  "worker-ready",
  "cluster-ready",
  "reload-finished",
]);

/**
 * How serious a reason, or a type of event, is.
 *
 * @param {string} name
 * @returns {"good" | "note" | "warn" | "bad"}
 */
export function toneOf(name) {
  if (GOOD.has(name) || EVENTS.has(name)) return "good";
  if (NOTE.has(name)) return "note";
  return BAD.has(name) ? "bad" : "warn";
}
