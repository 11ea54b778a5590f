import { LabelValues } from "./label_values.ts";

/** A counter for each value of one label. */
export class LabelledCounter implements Iterable<readonly [label: string, count: number]> {
  readonly #labels: LabelValues;
  readonly #counts = new Map<string, number>();

  /** `known` are values that are shown before they are counted. */
  constructor(maxValues: number, known: readonly string[]) {
    this.#labels = new LabelValues(maxValues);
    for (const value of known) this.#counts.set(this.#labels.of(value), 0);
  }

  add(value: string): void {
    const label = this.#labels.of(value);
    this.#counts.set(label, (this.#counts.get(label) ?? 0) + 1);
  }

  [Symbol.iterator](): Iterator<readonly [string, number]> {
    return this.#counts.entries();
  }
}
