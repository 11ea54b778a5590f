/** What can stand in a {@link Line}: in one at a time. */
export interface InLine<Item> {
  before: Item | undefined;
  behind: Item | undefined;
}

/** First come, first served. Who gives up leaves from any place, at no cost to the others. */
export class Line<Item extends InLine<Item>> {
  length = 0;
  first: Item | undefined;
  #last: Item | undefined;

  /** Joins at the end. */
  add(item: Item): void {
    item.before = this.#last;
    if (this.#last === undefined) this.first = item;
    else this.#last.behind = item;
    this.#last = item;
    this.length += 1;
  }

  /** Leaves; it must be in this line. */
  delete(item: Item): void {
    if (item.before === undefined) this.first = item.behind;
    else item.before.behind = item.behind;
    if (item.behind === undefined) this.#last = item.before;
    else item.behind.before = item.before;
    item.before = item.behind = undefined;
    this.length -= 1;
  }

  /** The first, which leaves. */
  shift(): Item | undefined {
    const { first } = this;
    if (first !== undefined) this.delete(first);
    return first;
  }
}
