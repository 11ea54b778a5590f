import { escapeText } from "../../core/mod.ts";

/** The label of all values beyond the limit. */
const OTHER = "other";

/** A longer value of a label is cut. */
const MAX_LENGTH = 128;

/**
 * The values that a label has had. There are at most `max` of them, and `other`: each is a time series, which a database keeps for as
 * long as its data.
 */
export class LabelValues {
  readonly #max: number;
  /** The labels by the values that they stand for. */
  readonly #labels = new Map<string, string>();

  constructor(max: number) {
    this.#max = max;
  }

  /** Returns the label for a value: the value itself, without control characters, or `other`. */
  of(value: string): string {
    const known = this.#labels.get(value);
    if (known !== undefined) return known;
    if (this.#labels.size >= this.#max) return OTHER;
    const label = escapeText(value, MAX_LENGTH);
    this.#labels.set(value, label);
    return label;
  }
}
