const UNITS: Readonly<Record<string, string>> = { bytes: "By", seconds: "s" };

/**
 * Returns the name and the unit that OpenTelemetry gives a metric; a number of things has no unit. The unit stays in the name, too: some
 * exporters for Prometheus put it there and others do not, and so all of them make the given name again.
 *
 * `spillway_received_bytes_total` is `spillway.received.bytes` in bytes; `spillway_pool_workers` is `spillway.pool.workers`.
 */
export function openTelemetryName(prometheusName: string): { readonly name: string; readonly unit: string } {
  const words = prometheusName.replace(/_total$/, "").split("_");
  return { name: words.join("."), unit: UNITS[words.at(-1) ?? ""] ?? "" };
}
