/** More bytes than any test sends, and few enough to be kept. */
export const MOST_BYTES = 256 * 1_048_576;

/**
 * Counts towards a bound. A loop that the code under test ends, or not, takes a step each time round: a bug that makes it endless fails
 * the test, before it takes all memory.
 *
 * @throws {Error} at the step that goes beyond `most`
 */
export function bounded(most = 1_000_000): (size?: number) => true {
  let rest = most;
  return (size = 1) => {
    rest -= size;
    if (rest < 0) throw new Error(`more than ${most}: there seems to be no end`);
    return true;
  };
}
