import type { Histogram } from "./histogram.ts";
import { HISTOGRAMS, INSTRUMENTS, type Instrument } from "./instruments.ts";
import type { Numbers, Recorders } from "./numbers.ts";

interface Value {
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
  readonly metricName?: string;
}

/** The values of a metric, as a registry gets them. */
interface Collected {
  readonly name: string;
  readonly help: string;
  readonly type: string;
  readonly aggregator: string;
  readonly values: readonly Value[];
}

/** A metric, as a registry of prom-client knows one. The registry changes the name for the format of OpenMetrics. */
export interface PrometheusMetric {
  name: string;
  readonly type: string;
  get(): Promise<Collected>;
  reset(): void;
}

/** Returns the metrics that read these numbers. */
export function prometheusMetrics(
  numbers: Numbers,
  histograms: Readonly<Record<keyof Recorders, Histogram>>,
): PrometheusMetric[] {
  return [
    ...INSTRUMENTS.map((instrument) => metric(instrument, instrument.kind, () => valuesOf(instrument, numbers))),
    ...Object.values(HISTOGRAMS).map((one) =>
      metric(one, "histogram", (name) => bucketsOf(name, histograms[one.recorder])),
    ),
  ];
}

function metric(
  { name: given, help }: { readonly name: string; readonly help: string },
  type: string,
  valuesFor: (name: string) => readonly Value[],
): PrometheusMetric {
  return {
    name: given,
    type,
    // The registry calls this synchronously for all metrics, so all come from one reading.
    get() {
      const { name } = this;
      return Promise.resolve({ name, help, type, aggregator: "sum", values: valuesFor(name) });
    },
    /** Does nothing: the counts are the servers'. */
    reset() {},
  };
}

function valuesOf(instrument: Instrument, numbers: Numbers): readonly Value[] {
  return instrument.read(numbers).map(({ labels = {}, value }) => ({ labels, value }));
}

function bucketsOf(name: string, { bounds, counts, sum }: Histogram): readonly Value[] {
  let below = 0;
  const buckets = counts.map((count, index) => {
    below += count;
    return { metricName: `${name}_bucket`, labels: { le: bounds[index] ?? "+Inf" }, value: below };
  });
  return [
    ...buckets,
    { metricName: `${name}_sum`, labels: {}, value: sum },
    { metricName: `${name}_count`, labels: {}, value: below },
  ];
}
