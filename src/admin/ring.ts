/** The last values of a sequence: a bounded number of them. */
export class Ring<Value> {
  readonly #values: Value[] = [];
  readonly #most: number;
  /** The position of the oldest value, once there are as many as may be. */
  #oldest = 0;

  constructor(most: number) {
    this.#most = most;
  }

  get size(): number {
    return this.#values.length;
  }

  push(value: Value): void {
    if (this.#values.length < this.#most) {
      this.#values.push(value);
      return;
    }
    this.#values[this.#oldest] = value;
    this.#oldest = (this.#oldest + 1) % this.#most;
  }

  clear(): void {
    this.#values.length = 0;
    this.#oldest = 0;
  }

  /** The values, the newest first. */
  newestFirst(): Value[] {
    return [...this.#values.slice(this.#oldest), ...this.#values.slice(0, this.#oldest)].toReversed();
  }
}
