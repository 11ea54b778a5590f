import type { Random } from "spillway/testing";

/** Draws what happens at one time: mostly one act, sometimes two. Each comes once before any comes again. */
export function* drawActs<Act>(random: Random, acts: readonly Act[]): Generator<readonly Act[], never> {
  for (;;) {
    const deck = shuffled(random, acts);
    while (deck.length > 0) yield deck.splice(0, random.once(3) ? 2 : 1);
  }
}

function shuffled<Item>(random: Random, items: readonly Item[]): Item[] {
  const left = [...items];
  return items.map(() => left.splice(random.below(left.length), 1)[0] as Item);
}
