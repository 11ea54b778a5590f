/** Takes values, each of which may stand for several. */
export interface Recorder {
  record(value: number, weight: number): void;
}

/** Counts values by the first bound that is not below them. */
export class Histogram implements Recorder {
  /** The upper bounds of the buckets but the last, ascending. */
  readonly bounds: readonly number[];
  /** The number of values in each bucket; the last holds those above every bound. */
  readonly counts: number[];
  sum = 0;

  constructor(bounds: readonly number[]) {
    this.bounds = bounds;
    this.counts = Array.from({ length: bounds.length + 1 }, () => 0);
  }

  record(value: number, weight: number): void {
    let bucket = 0;
    while (bucket < this.bounds.length && value > (this.bounds[bucket] as number)) bucket += 1;
    (this.counts[bucket] as number) += weight;
    this.sum += value * weight;
  }
}
