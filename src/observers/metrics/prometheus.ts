import { type AnyMiddleware, checkOptions, type Observer, type OptionNames, SpillwayError } from "../../core/mod.ts";
import { BUCKETS, checkBuckets } from "./buckets.ts";
import type { MetricsErrorCode } from "./errors.ts";
import { Histogram } from "./histogram.ts";
import { Numbers, type NumbersOptions } from "./numbers.ts";
import { type PrometheusMetric, prometheusMetrics } from "./prometheus_metrics.ts";

const CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/** A `Registry` of prom-client 15. */
export interface PrometheusRegistry {
  /** The `Content-Type` of its text. */
  readonly contentType: string;
  /** Adds a metric. */
  registerMetric(metric: never): void;
  /** Returns the text of all metrics. */
  metrics(): Promise<string>;
}

/** Settings of {@link metrics}. */
export interface MetricsOptions extends NumbersOptions {
  /**
   * The registry of prom-client that gets the metrics, such as the `register` that has the metrics of your own. Default: a registry of
   * their own, made at the first `text()`, with the package `prom-client`.
   */
  readonly registry?: PrometheusRegistry;
  /** The upper bounds of the buckets of `spillway_handler_seconds`, ascending, in seconds. Default: 18 of them, from 10 µs to 30 s. */
  readonly handlerBuckets?: readonly number[];
}

/** An observer that keeps metrics: see {@link metrics}. */
export interface Metrics extends Observer {
  /** Times handlers, for `spillway_handler_seconds`. Make it the first middleware, so that it times the others, too. */
  readonly middleware: AnyMiddleware;
  /** The `Content-Type` of `text()`. */
  readonly contentType: string;
  /**
   * Returns the metrics in the text format of Prometheus.
   *
   * @throws {MetricsError} `metrics-unavailable`: the package prom-client is not installed
   */
  text(this: void): Promise<string>;
}

const OPTIONS: OptionNames<MetricsOptions> = {
  registry: true,
  handlerBuckets: true,
  groups: true,
  pools: true,
  admissions: true,
  clock: true,
};

/**
 * Returns an observer that keeps the metrics of its servers for Prometheus. One observer may have several servers: their numbers are
 * added up, and the counts of a server stay when it has drained.
 *
 * Servers count anyway, and are asked when the metrics are: this costs nothing for a frame. The middleware times every handler of a quiet
 * server; of a busy one it times a sample, in which a frame stands for those since the one before.
 *
 * - **Owns** a timer, from the first `listening` until its servers have drained, which does not keep the process alive.
 *
 * @throws {TypeError | RangeError} an invalid option; a registry that has such metrics already
 *
 * @example
 * ```ts
 * import { lines, serve } from "spillway";
 * import { metrics } from "spillway/metrics";
 *
 * const m = metrics();
 * await using server = await serve({
 *   port: 0,
 *   codec: lines(),
 *   observer: m,
 *   middleware: [m.middleware],
 *   handler: (line) => line,
 * });
 * console.log(server.address.port > 0); // true
 * console.log((await m.text()).includes('spillway_servers{state="listening"} 1')); // true
 * ```
 */
export function metrics(options: MetricsOptions = {}): Metrics {
  checkOptions(options, OPTIONS);
  const { registry, handlerBuckets = BUCKETS.handler } = options;
  const histograms = {
    handler: new Histogram(checkBuckets("handlerBuckets", handlerBuckets)),
    connection: new Histogram(BUCKETS.connection),
    loopDelay: new Histogram(BUCKETS.loopDelay),
  };
  const numbers = new Numbers(options, histograms);
  const own = prometheusMetrics(numbers, histograms);
  if (registry !== undefined) register(own, checkRegistry(registry));
  let found = registry;
  const text = async (): Promise<string> => {
    found ??= await ownRegistry(own);
    return found.metrics();
  };
  const observer: Observer = (event) => numbers.observe(event);
  return Object.assign(observer, {
    middleware: numbers.middleware,
    contentType: registry?.contentType ?? CONTENT_TYPE,
    text,
  });
}

async function ownRegistry(own: readonly PrometheusMetric[]): Promise<PrometheusRegistry> {
  const { Registry } = await loadPromClient();
  const registry = new Registry();
  register(own, registry);
  return registry;
}

async function loadPromClient() {
  try {
    return await import("prom-client");
  } catch (cause) {
    throw new SpillwayError<MetricsErrorCode>(
      "metrics-unavailable",
      "the package prom-client does not load: npm install prom-client",
      { cause },
    );
  }
}

/** @throws {TypeError} it has metrics of these names */
function register(own: readonly PrometheusMetric[], registry: PrometheusRegistry): void {
  try {
    for (const metric of own) registry.registerMetric(metric as never);
  } catch (cause) {
    throw new TypeError(
      "the registry does not take the metrics: give all servers one metrics(), or each its own registry",
      {
        cause,
      },
    );
  }
}

/** @throws {TypeError} not a registry */
function checkRegistry(registry: PrometheusRegistry): PrometheusRegistry {
  if (typeof registry?.registerMetric === "function" && typeof registry.metrics === "function") return registry;
  throw new TypeError("registry must be a Registry of prom-client");
}
