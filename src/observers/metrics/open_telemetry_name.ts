const UNITS: Readonly<Record<string, string>> = { bytes: "By", seconds: "s" };

/**
 * Returns the name and the unit that OpenTelemetry gives a metric. An exporter for Prometheus makes the given name of them again.
 *
 * `spillway_received_bytes_total` is `spillway.received` in bytes; `spillway_pool_workers` is `spillway.pool.workers`.
 */
export function openTelemetryName(prometheusName: string): { readonly name: string; readonly unit: string } {
  const words = prometheusName.replace(/_total$/, "").split("_");
  const unit = UNITS[words.at(-1) ?? ""];
  return unit === undefined
    ? { name: words.join("."), unit: `{${words.at(-1)}}` }
    : { name: words.slice(0, -1).join("."), unit };
}
