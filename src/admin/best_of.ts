/**
 * The first `most` values of an order, whatever the number of values that come. It is a binary heap with the last of
 * them at its top: a value costs at most twice the logarithm of `most` in comparisons.
 */
export class BestOf<Value> {
  readonly #most: number;
  readonly #compare: (one: Value, other: Value) => number;
  readonly #heap: Value[] = [];

  constructor(most: number, compare: (one: Value, other: Value) => number) {
    this.#most = most;
    this.#compare = compare;
  }

  get size(): number {
    return this.#heap.length;
  }

  /** Whether a value would be among the first. */
  takes(value: Value): boolean {
    const heap = this.#heap;
    return heap.length < this.#most || (this.#most > 0 && this.#compare(value, heap[0] as Value) < 0);
  }

  push(value: Value): void {
    if (!this.takes(value)) return;
    const heap = this.#heap;
    if (heap.length < this.#most) {
      heap.push(value);
      this.#rise(heap.length - 1);
    } else {
      heap[0] = value;
      this.#sink();
    }
  }

  /** Removes the last value of the order among those that are left. */
  popLast(): Value | undefined {
    const heap = this.#heap;
    const last = heap[0];
    const moved = heap.pop();
    if (heap.length > 0) {
      heap[0] = moved as Value;
      this.#sink();
    }
    return last;
  }

  #rise(from: number): void {
    let at = from;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!this.#isAfter(at, parent)) return;
      this.#swap(at, parent);
      at = parent;
    }
  }

  #sink(): void {
    let at = 0;
    for (;;) {
      const left = 2 * at + 1;
      if (left >= this.#heap.length) return;
      const right = left + 1;
      const child = right < this.#heap.length && this.#isAfter(right, left) ? right : left;
      if (!this.#isAfter(child, at)) return;
      this.#swap(at, child);
      at = child;
    }
  }

  #isAfter(one: number, other: number): boolean {
    return this.#compare(this.#heap[one] as Value, this.#heap[other] as Value) > 0;
  }

  #swap(one: number, other: number): void {
    const value = this.#heap[one] as Value;
    this.#heap[one] = this.#heap[other] as Value;
    this.#heap[other] = value;
  }
}
