// Metrics and traces, as a user takes them.
import { context, metrics as meters, trace } from "@opentelemetry/api";
import { Registry } from "prom-client";
import { lines, serve } from "spillway";
import { pool } from "spillway/compute";
import {
  isMetricsError,
  type Metrics,
  type MetricsErrorCode,
  metrics,
  openTelemetryMetrics,
  tracing,
} from "spillway/metrics";
import { same } from "./equal.ts";

export async function prometheus(): Promise<string> {
  const words = pool(new URL("file:///worker.js"));
  const m: Metrics = metrics({ registry: new Registry(), groups: 5, pools: { words }, handlerBuckets: [0.1, 1] });
  await serve({ port: 0, codec: lines(), handler: (line) => line, observer: [m], middleware: [m.middleware] });
  // @ts-expect-error: a registry, not the text of one
  metrics({ registry: "register" });
  // @ts-expect-error an option that there is not
  metrics({ prefix: "my_" });
  return `${m.contentType}\n${await m.text()}`;
}

export async function openTelemetry(): Promise<void> {
  const m = openTelemetryMetrics({ meter: meters.getMeter("spillway") });
  const traced = tracing({ tracer: trace.getTracer("spillway"), sampleRatio: 0.1, context });
  await serve({ port: 0, codec: lines(), handler: (line) => line, observer: m, middleware: [m.middleware, traced] });
  m.close();
  // @ts-expect-error: how many frames get a span has no default
  tracing({ tracer: trace.getTracer("spillway") });
  // @ts-expect-error: a meter is needed
  openTelemetryMetrics({});
}

export function codes(error: unknown): void {
  if (isMetricsError(error)) same<typeof error.code, MetricsErrorCode>(true);
}
