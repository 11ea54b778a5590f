// @ts-check

const BUCKET = /^spillway_handler_seconds_bucket\{(.*)\} (\S+)/;
const BOUND = /(?:^|,)le="([^"]+)"/;

/**
 * Percentiles of the times of handlers between two looks at the histogram of /metrics.
 */
export class HandlerTimes {
  /** @type {Map<string, Map<number, number>> | undefined} */
  #before;

  /**
   * @param {string} metrics the text of Prometheus
   * @returns {{ p50: number | null, p99: number | null }} in ms
   */
  next(metrics) {
    const now = seriesOf(metrics);
    const before = this.#before;
    this.#before = now;
    if (before === undefined || now.size === 0) return { p50: null, p99: null };
    const grown = growth(before, now);
    const bounds = [...grown.keys()].toSorted((one, other) => one - other);
    const counts = bounds.map((bound) => grown.get(bound) ?? 0);
    return { p50: percentile(bounds, counts, 0.5), p99: percentile(bounds, counts, 0.99) };
  }

  forget() {
    this.#before = undefined;
  }
}

/** Cumulative counts by upper bound in seconds, of each set of other labels. @param {string} metrics */
function seriesOf(metrics) {
  /** @type {Map<string, Map<number, number>>} */
  const series = new Map();
  for (const line of metrics.split("\n")) {
    const [, labels = "", value = ""] = BUCKET.exec(line) ?? [];
    const bound = BOUND.exec(labels)?.[1];
    if (bound === undefined) continue;
    const others = labels.replace(BOUND, "");
    const buckets = series.get(others) ?? new Map();
    series.set(others, buckets.set(bound === "+Inf" ? Infinity : Number(bound), Number(value)));
  }
  return series;
}

/**
 * Returns the growth of each bucket between two looks, summed over all series. A series that is new, or whose counts have
 * fallen, is left out: it belongs to a process of which nothing is known yet.
 *
 * @param {Map<string, Map<number, number>>} before
 * @param {Map<string, Map<number, number>>} now
 */
function growth(before, now) {
  /** @type {Map<number, number>} */
  const grown = new Map();
  for (const [labels, buckets] of now) {
    const old = before.get(labels);
    if (old === undefined || [...buckets].some(([bound, count]) => count < (old.get(bound) ?? 0))) continue;
    for (const [bound, count] of buckets) grown.set(bound, (grown.get(bound) ?? 0) + count - (old.get(bound) ?? 0));
  }
  return grown;
}

/**
 * Between two bounds the times are taken to be spread evenly.
 *
 * @param {number[]} bounds
 * @param {number[]} counts cumulative
 * @param {number} share
 */
function percentile(bounds, counts, share) {
  const total = counts.at(-1) ?? 0;
  if (total <= 0) return null;
  const wanted = share * total;
  const at = counts.findIndex((count) => count >= wanted);
  const from = at === 0 ? 0 : (bounds[at - 1] ?? 0);
  const to = bounds[at] ?? 0;
  if (to === Infinity) return from * 1_000;
  const below = at === 0 ? 0 : (counts[at - 1] ?? 0);
  const within = (counts[at] ?? 0) - below;
  return 1_000 * (from + (to - from) * (within === 0 ? 1 : (wanted - below) / within));
}
