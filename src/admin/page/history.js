// @ts-check

/** Five minutes of samples, one a second. */
const MOST = 300;
const LEAST_SECONDS = 60;

/**
 * The samples of the charts: times in seconds, and a column for each series. A gap is `null`.
 */
export class History {
  /** @type {number[]} */
  times = [];
  /** @type {Map<string, (number | null)[]>} */
  #columns = new Map();

  /** @param {readonly string[]} names */
  constructor(names) {
    for (const name of names) this.#columns.set(name, []);
  }

  /**
   * @param {number} time
   * @param {Record<string, number | null | undefined>} values
   */
  push(time, values) {
    this.times.push(time);
    for (const [name, column] of this.#columns) column.push(values[name] ?? null);
    if (this.times.length <= MOST) return;
    this.times.shift();
    for (const column of this.#columns.values()) column.shift();
  }

  /** @param {string} name */
  column(name) {
    return this.#columns.get(name) ?? [];
  }

  /** The range of times, which grows with the samples to five minutes. @returns {[number, number]} */
  get range() {
    const last = this.times.at(-1) ?? Date.now() / 1_000;
    const first = this.times[0] ?? last;
    return [Math.max(last - MOST, Math.min(first, last - LEAST_SECONDS)), last];
  }
}
