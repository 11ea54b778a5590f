import { type AnyMiddleware, checkOptions, type Observer, type OptionNames } from "../../core/mod.ts";
import { BUCKETS } from "./buckets.ts";
import type { Recorder } from "./histogram.ts";
import { HISTOGRAMS, type HistogramInstrument, INSTRUMENTS, type Instrument } from "./instruments.ts";
import { Numbers, type NumbersOptions, type Recorders } from "./numbers.ts";
import { openTelemetryName } from "./open_telemetry_name.ts";

/** The methods that a `Meter` of `@opentelemetry/api` must have. */
export interface OpenTelemetryMeter {
  /** As of `Meter`. */
  createHistogram(name: string, options?: OpenTelemetryInstrument): { record(value: number): void };
  /** As of `Meter`. */
  createObservableCounter(name: string, options?: OpenTelemetryInstrument): object;
  /** As of `Meter`. */
  createObservableGauge(name: string, options?: OpenTelemetryInstrument): object;
  /** As of `Meter`. */
  addBatchObservableCallback(callback: (result: OpenTelemetryResult) => void, observables: object[]): void;
  /** As of `Meter`. */
  removeBatchObservableCallback(callback: (result: OpenTelemetryResult) => void, observables: object[]): void;
}

/** The options with which an instrument is created. */
export interface OpenTelemetryInstrument {
  /** The description of the measured value. */
  description?: string;
  /** The unit, by the conventions of UCUM. */
  unit?: string;
  /** The buckets of a histogram. */
  advice?: { explicitBucketBoundaries?: number[] };
}

/** The receiver of the values of observable instruments. */
export interface OpenTelemetryResult {
  /** Takes one value. */
  observe(observable: object, value: number, attributes?: Readonly<Record<string, string>>): void;
}

/** Settings of {@link openTelemetryMetrics}. */
export interface OpenTelemetryMetricsOptions extends NumbersOptions {
  /** A `Meter` of `@opentelemetry/api`: `metrics.getMeter("spillway")`. */
  readonly meter: OpenTelemetryMeter;
}

/** An observer that keeps metrics for OpenTelemetry: see {@link openTelemetryMetrics}. */
export interface OpenTelemetryMetrics extends Observer {
  /** Times handlers, for `spillway.handler.seconds`. Make it the first middleware, so that it times the others, too. */
  readonly middleware: AnyMiddleware;
  /** The meter reads no more. */
  close(this: void): void;
}

const OPTIONS: OptionNames<OpenTelemetryMetricsOptions> = {
  meter: true,
  groups: true,
  pools: true,
  admissions: true,
  clock: true,
};

/**
 * Returns an observer that keeps the metrics of its servers for OpenTelemetry: the numbers of `metrics()`, which the meter's reader asks
 * for. The names have dots, and no `total` at the end: `spillway_received_bytes_total` is `spillway.received.bytes`.
 *
 * The API has no histogram that can be asked. So `spillway.handler.seconds` gets the times that were taken, which on a busy server are a sample:
 * its count is not the number of frames.
 *
 * - **Owns** a timer, from the first `listening` until its servers have drained, which does not keep the process alive.
 *
 * @throws {TypeError | RangeError} an invalid option
 *
 * @example
 * ```ts
 * import { metrics } from "@opentelemetry/api";
 * import { lines, serve } from "spillway";
 * import { openTelemetryMetrics } from "spillway/metrics";
 *
 * const m = openTelemetryMetrics({ meter: metrics.getMeter("spillway") });
 * await using server = await serve({
 *   port: 0,
 *   codec: lines(),
 *   observer: m,
 *   middleware: [m.middleware],
 *   handler: (line) => line,
 * });
 * console.log(server.address.port > 0); // true
 * ```
 */
export function openTelemetryMetrics(options: OpenTelemetryMetricsOptions): OpenTelemetryMetrics {
  checkOptions(options, OPTIONS);
  const { meter } = options;
  if (typeof meter?.addBatchObservableCallback !== "function") {
    throw new TypeError('meter must be a Meter of @opentelemetry/api, such as metrics.getMeter("spillway")');
  }
  const numbers = new Numbers(options, recordersOf(meter));
  const observed = INSTRUMENTS.map((instrument) => ({ instrument, observable: observableOf(meter, instrument) }));
  const onCollect = (result: OpenTelemetryResult): void => {
    for (const { instrument, observable } of observed) {
      for (const { value, labels } of instrument.read(numbers)) result.observe(observable, value, labels);
    }
  };
  const observables = observed.map(({ observable }) => observable);
  meter.addBatchObservableCallback(onCollect, observables);
  const observer: Observer = (event) => numbers.observe(event);
  return Object.assign(observer, {
    middleware: numbers.middleware,
    close: () => meter.removeBatchObservableCallback(onCollect, observables),
  });
}

function recordersOf(meter: OpenTelemetryMeter): Recorders {
  const made = ({ name, help, recorder }: HistogramInstrument): Recorder => {
    const histogram = meter.createHistogram(openTelemetryName(name).name, {
      description: help,
      unit: "s",
      advice: { explicitBucketBoundaries: [...BUCKETS[recorder]] },
    });
    return { record: (value) => histogram.record(value) };
  };
  return {
    handler: made(HISTOGRAMS.handler),
    connection: made(HISTOGRAMS.connection),
    loopDelay: made(HISTOGRAMS.loopDelay),
  };
}

function observableOf(meter: OpenTelemetryMeter, { name: given, kind, help: description }: Instrument): object {
  const { name, unit } = openTelemetryName(given);
  if (kind === "counter") return meter.createObservableCounter(name, { description, unit });
  return meter.createObservableGauge(name, { description, unit });
}
