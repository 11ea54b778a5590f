import { type Limits, resolveLimits } from "../core/mod.ts";

/** The limits of a whole server, which its workers divide. */
const SHARED = [
  "maxConnections",
  "maxEstablishing",
  "maxConcurrentHandlers",
  "maxTotalOutboundBytes",
  "maxTotalInboundBytes",
] as const;

/**
 * Returns the limits of one of `workers`, which together keep those of the options: each gets an equal part of
 * `maxConnections`, `maxEstablishing`, `maxConcurrentHandlers`, `maxTotalOutboundBytes` and `maxTotalInboundBytes`,
 * rounded up, also of their defaults. All other limits are about one connection, or one process.
 *
 * @throws {TypeError | RangeError} a limit that makes no sense
 */
export function shareLimits(options: Partial<Limits>, workers: number): Partial<Limits> {
  const limits = resolveLimits(options);
  return Object.fromEntries(SHARED.map((name) => [name, Math.ceil(limits[name] / workers)]));
}
