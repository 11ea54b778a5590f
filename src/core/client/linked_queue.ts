/** An item of a {@link LinkedQueue}. It can be in one queue at a time. */
export interface Linked<Item> {
  previous: Item | undefined;
  next: Item | undefined;
}

/** A doubly linked FIFO queue. An item can be deleted at any position, in constant time. */
export class LinkedQueue<Item extends Linked<Item>> {
  length = 0;
  first: Item | undefined;
  #last: Item | undefined;

  /** Appends an item that is in no queue. */
  add(item: Item): void {
    item.previous = this.#last;
    if (this.#last === undefined) this.first = item;
    else this.#last.next = item;
    this.#last = item;
    this.length += 1;
  }

  /** Removes an item, which must be in this queue. */
  delete(item: Item): void {
    if (item.previous === undefined) this.first = item.next;
    else item.previous.next = item.next;
    if (item.next === undefined) this.#last = item.previous;
    else item.next.previous = item.previous;
    item.previous = item.next = undefined;
    this.length -= 1;
  }

  /** Removes the first item and returns it; `undefined` when the queue is empty. */
  shift(): Item | undefined {
    const { first } = this;
    if (first !== undefined) this.delete(first);
    return first;
  }
}
