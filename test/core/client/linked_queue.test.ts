import { describe, expect, it } from "vitest";
import { type Linked, LinkedQueue } from "../../../src/core/client/linked_queue.ts";

class Item implements Linked<Item> {
  previous: Item | undefined = undefined;
  next: Item | undefined = undefined;
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }
}

/** Yields every order in which the items at these positions can leave. */
function* orders(places: readonly number[]): Generator<readonly number[]> {
  if (places.length === 0) yield [];
  for (const place of places) {
    for (const rest of orders(places.filter((other) => other !== place))) yield [place, ...rest];
  }
}

/** Returns the names in the queue, first to last. */
function contents(queue: LinkedQueue<Item>): string[] {
  const names: string[] = [];
  for (let item = queue.first; item !== undefined; item = item.next) names.push(item.name);
  return names;
}

describe("a linked queue", () => {
  it("keeps its order, in whatever order items are deleted, and appends new ones", () => {
    for (const leaving of orders([0, 1, 2, 3, 4])) {
      const queue = new LinkedQueue<Item>();
      const items = Array.from("abcde", (name) => new Item(name));
      for (const item of items) queue.add(item);
      let expected = items.map(({ name }) => name);
      for (const place of leaving) {
        const item = items[place] as Item;
        queue.delete(item);
        expected = expected.filter((name) => name !== item.name);
        expect(contents(queue)).toEqual(expected);
        expect(queue).toHaveLength(expected.length);
        const newcomer = new Item("new");
        queue.add(newcomer);
        expect(contents(queue)).toEqual([...expected, "new"]);
        queue.delete(newcomer);
      }
    }
  });

  it("shifts its first item until it is empty", () => {
    const queue = new LinkedQueue<Item>();
    const items = [new Item("a"), new Item("b")];
    for (const item of items) queue.add(item);
    expect([queue.shift()?.name, queue.shift()?.name, queue.shift(), queue.length]).toEqual(["a", "b", undefined, 0]);
  });
});
