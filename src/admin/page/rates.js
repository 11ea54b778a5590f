// @ts-check

/**
 * Turns counts into rates per second. A count that falls belongs to a server that has been started again: there is no
 * rate between two servers.
 */
export class Rates {
  /** @type {Record<string, number>} */
  #counts = {};
  #at = 0;

  /**
   * @param {number} at in ms
   * @param {Record<string, number>} counts
   * @returns {Record<string, number | null>}
   */
  next(at, counts) {
    const seconds = (at - this.#at) / 1_000;
    const fell = Object.entries(counts).some(([name, count]) => count < (this.#counts[name] ?? 0));
    const known = this.#at > 0 && seconds > 0 && !fell;
    const rates = Object.fromEntries(
      Object.entries(counts).map(([name, count]) => [
        name,
        known ? (count - (this.#counts[name] ?? 0)) / seconds : null,
      ]),
    );
    this.#counts = counts;
    this.#at = at;
    return rates;
  }

  forget() {
    this.#at = 0;
    this.#counts = {};
  }
}
