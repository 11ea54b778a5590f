import { describe, expect, it } from "vitest";
import { type InLine, Line } from "../../../src/core/client/line.ts";

class Item implements InLine<Item> {
  before: Item | undefined = undefined;
  behind: Item | undefined = undefined;
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }
}

/** Every way to leave, one by one, a line of so many. */
function* orders(places: readonly number[]): Generator<readonly number[]> {
  if (places.length === 0) yield [];
  for (const place of places) {
    for (const rest of orders(places.filter((other) => other !== place))) yield [place, ...rest];
  }
}

/** Who stands there, first to last. */
function contents(line: Line<Item>): string[] {
  const names: string[] = [];
  for (let item = line.first; item !== undefined; item = item.behind) names.push(item.name);
  return names;
}

describe("a line", () => {
  it("keeps its order, whichever leaves it first, and takes newcomers at the end", () => {
    for (const leaving of orders([0, 1, 2, 3, 4])) {
      const line = new Line<Item>();
      const items = Array.from("abcde", (name) => new Item(name));
      for (const item of items) line.add(item);
      let expected = items.map(({ name }) => name);
      for (const place of leaving) {
        const item = items[place] as Item;
        line.delete(item);
        expected = expected.filter((name) => name !== item.name);
        expect(contents(line)).toEqual(expected);
        expect(line).toHaveLength(expected.length);
        const newcomer = new Item("new");
        line.add(newcomer);
        expect(contents(line)).toEqual([...expected, "new"]);
        line.delete(newcomer);
      }
    }
  });

  it("gives the first, until nobody is left", () => {
    const line = new Line<Item>();
    const items = [new Item("a"), new Item("b")];
    for (const item of items) line.add(item);
    expect([line.shift()?.name, line.shift()?.name, line.shift(), line.length]).toEqual(["a", "b", undefined, 0]);
  });
});
