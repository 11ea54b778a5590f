/**
 * Metrics of servers: {@link metrics} for Prometheus, through the package `prom-client`; {@link openTelemetryMetrics} for OpenTelemetry;
 * and {@link tracing}, a span for a frame. Neither package is installed with this one.
 *
 * @module
 */
export { isMetricsError, type MetricsError, type MetricsErrorCode } from "./errors.ts";
export type { MeasuredPool, NumbersOptions } from "./numbers.ts";
export { type Metrics, type MetricsOptions, metrics, type PrometheusRegistry } from "./prometheus.ts";
