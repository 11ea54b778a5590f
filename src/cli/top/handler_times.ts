const BUCKET = /^spillway_handler_seconds_bucket\{(.*)\} (\S+)/;
const BOUND = /(?:^|,)le="([^"]+)"/;

/** Percentiles of the times of handlers, in ms; absent when no handler has run. */
export interface HandlerPercentiles {
  readonly p50Ms?: number | undefined;
  readonly p99Ms?: number | undefined;
}

/** The percentiles between two looks at the histogram of `/metrics`. */
export class HandlerTimes {
  #before: Series | undefined;

  /** Takes the text of Prometheus. */
  next(metrics: string): HandlerPercentiles {
    const now = seriesOf(metrics);
    const before = this.#before;
    this.#before = now;
    if (before === undefined || now.size === 0) return {};
    const grown = growth(before, now);
    const bounds = [...grown.keys()].toSorted((one, other) => one - other);
    const counts = bounds.map((bound) => grown.get(bound) ?? 0);
    return { p50Ms: percentile(bounds, counts, 0.5), p99Ms: percentile(bounds, counts, 0.99) };
  }

  forget(): void {
    this.#before = undefined;
  }
}

/** Cumulative counts by upper bound in seconds, of each set of other labels. */
type Series = ReadonlyMap<string, ReadonlyMap<number, number>>;

function seriesOf(metrics: string): Series {
  const series = new Map<string, Map<number, number>>();
  for (const line of metrics.split("\n")) {
    const [, labels = "", value = ""] = BUCKET.exec(line) ?? [];
    const bound = BOUND.exec(labels)?.[1];
    if (bound === undefined) continue;
    const others = labels.replace(BOUND, "");
    const buckets = series.get(others) ?? new Map<number, number>();
    series.set(others, buckets.set(bound === "+Inf" ? Infinity : Number(bound), Number(value)));
  }
  return series;
}

/**
 * Returns what has come between two looks, summed over all series. One that is new, or whose counts have fallen, belongs to
 * a process of which nothing is known yet.
 */
function growth(before: Series, now: Series): ReadonlyMap<number, number> {
  const grown = new Map<number, number>();
  for (const [labels, buckets] of now) {
    const old = before.get(labels);
    if (old === undefined || [...buckets].some(([bound, count]) => count < (old.get(bound) ?? 0))) continue;
    for (const [bound, count] of buckets) grown.set(bound, (grown.get(bound) ?? 0) + count - (old.get(bound) ?? 0));
  }
  return grown;
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
