import { HISTOGRAMS, INSTRUMENTS } from "../../../../src/observers/metrics/instruments.ts";

/** A metric that a server exports. */
export interface KnownMetric {
  readonly name: string;
  readonly type: string;
  readonly labels: readonly string[];
}

/** Those of a supervisor, which another room writes as text. */
export const OF_SUPERVISOR: readonly KnownMetric[] = [
  { name: "spillway_cluster_workers", type: "gauge", labels: ["state"] },
  { name: "spillway_cluster_workers_wanted", type: "gauge", labels: [] },
  { name: "spillway_cluster_workers_silent", type: "gauge", labels: [] },
  { name: "spillway_cluster_restarts_total", type: "counter", labels: ["reason"] },
  { name: "spillway_cluster_killed_total", type: "counter", labels: [] },
  { name: "spillway_cluster_reloads_total", type: "counter", labels: ["result"] },
  { name: "spillway_cluster_loop_delay_seconds", type: "gauge", labels: [] },
];

/** The metrics of the sources. */
export const KNOWN: readonly KnownMetric[] = [
  ...INSTRUMENTS.map(({ name, kind, labels }) => ({ name, type: kind, labels })),
  ...Object.values(HISTOGRAMS).map(({ name }) => ({ name, type: "histogram", labels: [] })),
];

/** The labels that Prometheus adds to what it scrapes, and that of the buckets. */
const ADDED = ["instance", "job", "le"];

const METRIC = /(\w+\()?(spillway_\w+?)(_bucket)?(?:\{([^}]*)\})?(\[[^\]]+\])?(?!\w)/g;

/** The names of the metrics in an expression of PromQL. */
export function metricsIn(expression: string): string[] {
  return [...expression.matchAll(METRIC)].map(([, , name = ""]) => name);
}

/**
 * Returns the faults in the metrics of an expression: names and labels that no server exports, buckets of what has none, values of counters,
 * rates of gauges.
 */
export function faultsIn(expression: string): string[] {
  const grouped = [...expression.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, names = ""]) => names.split(", "));
  const faults: string[] = [];
  const labels = new Set(ADDED);
  for (const [text, call, name, bucket, selector = "", range] of expression.matchAll(METRIC)) {
    const metric = [...KNOWN, ...OF_SUPERVISOR].find((one) => one.name === name);
    if (metric === undefined) {
      faults.push(`no metric: ${text}`);
      continue;
    }
    for (const label of metric.labels) labels.add(label);
    const selected = [...selector.matchAll(/(\w+)(?==|!=|=~|!~)/g)].map(([, label = ""]) => label);
    for (const label of selected) {
      if (![...ADDED, ...metric.labels].includes(label)) faults.push(`no label ${label}: ${text}`);
    }
    if ((bucket !== undefined) !== (metric.type === "histogram")) faults.push(`no buckets: ${text}`);
    const rated = /^(rate|increase)\($/.test(call ?? "") && range !== undefined;
    if (rated !== (metric.type !== "gauge")) faults.push(`the value of a counter, or the rate of a gauge: ${text}`);
  }
  for (const label of grouped) if (!labels.has(label)) faults.push(`no label ${label}: ${expression}`);
  return faults;
}
