const BUCKET = /^spillway_handler_seconds_bucket\{(.*)\} (\S+)/;
const BOUND = /(?:^|,)le="([^"]+)"/;

/** Percentiles of the times of handlers, in ms; absent when no handler has run. */
export interface HandlerPercentiles {
  readonly p50Ms?: number | undefined;
  readonly p99Ms?: number | undefined;
}

/** The percentiles between two looks at the histogram of `/metrics`. */
export class HandlerTimes {
  #before: ReadonlyMap<number, number> | undefined;

  /** Takes the text of Prometheus. */
  next(metrics: string): HandlerPercentiles {
    const now = bucketsOf(metrics);
    const before = this.#before;
    this.#before = now;
    if (before === undefined || now.size === 0) return {};
    const bounds = [...now.keys()].toSorted((one, other) => one - other);
    const counts = bounds.map((bound) => (now.get(bound) ?? 0) - (before.get(bound) ?? 0));
    return { p50Ms: percentile(bounds, counts, 0.5), p99Ms: percentile(bounds, counts, 0.99) };
  }

  forget(): void {
    this.#before = undefined;
  }
}

/** Returns cumulative counts by upper bound in seconds, summed over all labels. */
function bucketsOf(metrics: string): ReadonlyMap<number, number> {
  const buckets = new Map<number, number>();
  for (const line of metrics.split("\n")) {
    const [, labels = "", value = ""] = BUCKET.exec(line) ?? [];
    const bound = BOUND.exec(labels)?.[1];
    if (bound === undefined) continue;
    const key = bound === "+Inf" ? Infinity : Number(bound);
    buckets.set(key, (buckets.get(key) ?? 0) + Number(value));
  }
  return buckets;
}

/** Between two bounds the times are taken to be spread evenly. */
function percentile(bounds: readonly number[], cumulative: readonly number[], share: number): number | undefined {
  const total = cumulative.at(-1) ?? 0;
  if (!(total > 0)) return undefined;
  const wanted = share * total;
  const at = cumulative.findIndex((count) => count >= wanted);
  const from = at === 0 ? 0 : (bounds[at - 1] ?? 0);
  const to = bounds[at] ?? 0;
  if (to === Infinity) return from * 1_000;
  const below = at === 0 ? 0 : (cumulative[at - 1] ?? 0);
  const within = (cumulative[at] ?? 0) - below;
  return 1_000 * (from + (to - from) * (within === 0 ? 1 : (wanted - below) / within));
}
