/** The most frames that are timed at once: 8 MiB of instants. */
const MOST = 1_048_576;
const FEWEST = 1_024;

/** The instants at which unanswered frames were sent, in order: a reply answers the oldest frame. */
export class SentTimes {
  #times = new Float64Array(FEWEST);
  #head = 0;
  #count = 0;
  /** Whether more frames were unanswered at once than can be timed. From then on the order is lost, and nothing is timed. */
  #overflowed = false;

  add(at: number): void {
    if (this.#overflowed) return;
    if (this.#count === this.#times.length && !this.#grow()) return;
    this.#times[(this.#head + this.#count) % this.#times.length] = at;
    this.#count += 1;
  }

  /** Returns the instant of the oldest frame, and forgets it; `undefined` if none is unanswered. */
  take(): number | undefined {
    if (this.#count === 0) return undefined;
    const at = this.#times[this.#head];
    this.#head = (this.#head + 1) % this.#times.length;
    this.#count -= 1;
    return at;
  }

  #grow(): boolean {
    if (this.#times.length === MOST) {
      this.#overflowed = true;
      this.#count = 0;
      return false;
    }
    const times = new Float64Array(this.#times.length * 2);
    for (let index = 0; index < this.#count; index++) {
      times[index] = this.#times[(this.#head + index) % this.#times.length] as number;
    }
    this.#times = times;
    this.#head = 0;
    return true;
  }
}
