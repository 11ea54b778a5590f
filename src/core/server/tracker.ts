/** A set that reports when it is empty, which a drain waits for. It is event-driven: nothing polls. */
export class Tracker<Item> implements Iterable<Item> {
  readonly #items = new Set<Item>();
  #onEmpty: (() => void)[] = [];

  get size(): number {
    return this.#items.size;
  }

  [Symbol.iterator](): Iterator<Item> {
    return this.#items.values();
  }

  add(item: Item): void {
    this.#items.add(item);
  }

  /** Deletes an item. Returns whether it was in the set. */
  delete(item: Item): boolean {
    if (!this.#items.delete(item)) return false;
    if (this.#items.size === 0) for (const resolve of this.#onEmpty.splice(0)) resolve();
    return true;
  }

  /** Fulfils when the set is empty; at once if it is. */
  whenEmpty(): Promise<void> {
    if (this.#items.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#onEmpty.push(resolve));
  }
}
