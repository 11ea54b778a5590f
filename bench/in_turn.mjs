// @ts-check

/**
 * Returns the items in the order of a round: every other round goes backwards, so that a drift of the machine favours none.
 *
 * @template Item
 * @param {readonly Item[]} items
 * @param {number} round
 */
export function inTurn(items, round) {
  return round % 2 === 0 ? items : items.toReversed();
}
