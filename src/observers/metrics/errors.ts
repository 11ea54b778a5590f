import { SpillwayError } from "../../core/mod.ts";

/**
 * The code of an error of metrics.
 *
 * | code | meaning | what to do |
 * |---|---|---|
 * | `metrics-unavailable` | the package that writes the format of Prometheus does not load | Install `prom-client`, or give `metrics` a registry. |
 */
export type MetricsErrorCode = "metrics-unavailable";

/** A {@link SpillwayError} of metrics. */
export type MetricsError = SpillwayError<MetricsErrorCode>;

/**
 * Reports whether an error is a {@link SpillwayError} with a code of metrics.
 *
 * @example
 * ```ts
 * import { isMetricsError, metrics } from "spillway/metrics";
 *
 * try {
 *   console.log((await metrics().text()).includes("spillway_connections_open 0")); // true
 * } catch (error) {
 *   if (!isMetricsError(error)) throw error;
 *   console.log(error.message); // the package prom-client does not load: npm install prom-client
 * }
 * ```
 */
export function isMetricsError(error: unknown): error is MetricsError {
  return error instanceof SpillwayError && (error.code as string) === "metrics-unavailable";
}
