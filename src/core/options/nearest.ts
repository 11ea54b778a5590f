/**
 * The name that was probably meant: of `names`, one that begins with `given`, or else the one that differs least from it, or one that
 * `given` ends with. `undefined` when none is near.
 *
 * @example
 * ```ts
 * import { nearest } from "spillway/core";
 *
 * console.log(nearest("idleTimeout", ["idleTimeoutMs", "frameTimeoutMs"])); // idleTimeoutMs
 * ```
 */
export function nearest(given: string, names: Iterable<string>): string | undefined {
  const wanted = given.toLowerCase();
  const furthest = Math.max(1, Math.floor(wanted.length * 0.4));
  let best: string | undefined;
  let least = Infinity;
  for (const name of names) {
    const candidate = name.toLowerCase();
    const distance = editDistance(wanted, candidate);
    const begun = begins(wanted, candidate);
    // The beginning of a name goes before a misspelt one.
    const order = begun ? distance - 1_000 : distance;
    if ((!begun && distance > furthest && !wanted.endsWith(candidate)) || order >= least) continue;
    best = name;
    least = order;
  }
  return best;
}

/** One of two letters or fewer begins too many names. */
function begins(a: string, b: string): boolean {
  const [short, long] = a.length < b.length ? [a, b] : [b, a];
  return short.replace(/^-+/, "").length > 2 && long.startsWith(short);
}

/** How many letters are to be added, dropped, replaced or swapped with their neighbour to make one of the other. */
function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (last[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      let distance = Math.min(replaced, (last[j] as number) + 1, (row[j - 1] as number) + 1);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        distance = Math.min(distance, (beforeLast[j - 2] as number) + 1);
      }
      row.push(distance);
    }
    beforeLast = last;
    last = row;
  }
  return last[b.length] as number;
}
