import { build, decodeFromCompressedBase64, encodeIntoCompressedBase64, type Histogram } from "hdr-histogram-js";

/** Longer times count as one hour. */
const LONGEST_US = 3_600_000_000;

/** A distribution of times: three significant digits, from a microsecond to an hour, in 200 KB. */
export class Latencies {
  readonly #histogram: Histogram;

  constructor(histogram: Histogram = emptyHistogram()) {
    this.#histogram = histogram;
  }

  /** Returns the distribution that {@link encode} wrote. */
  static decode(text: string): Latencies {
    return new Latencies(decodeFromCompressedBase64(text));
  }

  get count(): number {
    return this.#histogram.totalCount;
  }

  add(ms: number): void {
    this.#histogram.recordValue(Math.min(LONGEST_US, Math.max(1, Math.round(ms * 1_000))));
  }

  merge(other: Latencies): void {
    this.#histogram.add(other.#histogram);
  }

  /** Returns the time, in milliseconds, that `percent` of all times do not exceed; 0 if there are none. */
  atPercentile(percent: number): number {
    return this.count === 0 ? 0 : this.#histogram.getValueAtPercentile(percent) / 1_000;
  }

  get maxMs(): number {
    return this.atPercentile(100);
  }

  get meanMs(): number {
    return this.count === 0 ? 0 : this.#histogram.mean / 1_000;
  }

  encode(): string {
    return encodeIntoCompressedBase64(this.#histogram);
  }
}

function emptyHistogram(): Histogram {
  return build({ bitBucketSize: 64, highestTrackableValue: LONGEST_US, numberOfSignificantValueDigits: 3 });
}
