/** The counts at one instant. */
interface Counted {
  readonly atMs: number;
  readonly counts: readonly number[];
  readonly rates: readonly number[] | undefined;
}

/**
 * Turns counts into rates per second. A count that falls belongs to something new under an old name, so there is no rate
 * between the two. Names that are not seen in a round are forgotten.
 */
export class Rates {
  #before = new Map<string, Counted>();
  #now = new Map<string, Counted>();

  /** Begins a round. */
  begin(): void {
    this.#before = this.#now;
    this.#now = new Map();
  }

  /** Returns the rates since the round before; `undefined` if there was none with this name. */
  next(name: string, atMs: number, counts: readonly number[]): readonly number[] | undefined {
    const again = this.#now.get(name);
    if (again !== undefined) return again.rates;
    const before = this.#before.get(name);
    const rates = before === undefined ? undefined : between(before, atMs, counts);
    this.#now.set(name, { atMs, counts, rates });
    return rates;
  }

  /** Forgets everything: the server has been started again. */
  forget(): void {
    this.#before.clear();
    this.#now.clear();
  }
}

function between(before: Counted, atMs: number, counts: readonly number[]): readonly number[] | undefined {
  const seconds = (atMs - before.atMs) / 1_000;
  const grown = counts.map((count, index) => count - (before.counts[index] ?? 0));
  return seconds > 0 && grown.every((growth) => growth >= 0) ? grown.map((growth) => growth / seconds) : undefined;
}
