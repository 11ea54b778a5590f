import { LabelValues } from "./label_values.ts";

/** A counter for each value of one label. */
export class LabelledCounter implements Iterable<readonly [label: string, count: number]> {
  readonly #labels: LabelValues;
  readonly #counts = new Map<string, number>();

  constructor(maxValues: number) {
    this.#labels = new LabelValues(maxValues);
  }

  add(value: string): void {
    const label = this.#labels.of(value);
    this.#counts.set(label, (this.#counts.get(label) ?? 0) + 1);
  }

  [Symbol.iterator](): Iterator<readonly [string, number]> {
    return this.#counts.entries();
  }
}
