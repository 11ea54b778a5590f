/**
 * Metrics of servers: {@link metrics} for Prometheus, through the package `prom-client`; {@link openTelemetryMetrics} for OpenTelemetry;
 * and {@link tracing}, with a span for a frame, through `@opentelemetry/api`. Neither package is installed with this one.
 *
 * @module
 */
export { isMetricsError, type MetricsError, type MetricsErrorCode } from "./errors.ts";
export type { MeasuredAdmission, MeasuredPool, NumbersOptions } from "./numbers.ts";
export {
  type OpenTelemetryInstrument,
  type OpenTelemetryMeter,
  type OpenTelemetryMetrics,
  type OpenTelemetryMetricsOptions,
  type OpenTelemetryResult,
  openTelemetryMetrics,
} from "./open_telemetry.ts";
export { type Metrics, type MetricsOptions, metrics, type PrometheusRegistry } from "./prometheus.ts";
export {
  type OpenTelemetryContext,
  type OpenTelemetrySpan,
  type OpenTelemetrySpanStart,
  type OpenTelemetryTracer,
  type TracingOptions,
  tracing,
} from "./tracing.ts";
