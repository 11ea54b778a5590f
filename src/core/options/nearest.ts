/**
 * Returns the name that was probably meant: of `names`, one that begins with `given`, or else the one with the smallest
 * edit distance, or one that `given` ends with. Returns `undefined` if none is near.
 *
 * @example
 * ```ts
 * import { nearest } from "spillway/core";
 *
 * console.log(nearest("idleTimeout", ["idleTimeoutMs", "frameTimeoutMs"])); // idleTimeoutMs
 * ```
 */
export function nearest(given: string, names: Iterable<string>): string | undefined {
  const renamed = RENAMED[plain(given)];
  if (renamed !== undefined) for (const name of names) if (plain(name) === renamed) return name;
  return nearestSpelling(given, names);
}

/** Old names of options, and their present ones: letters only, so that flags and environment variables match too. */
const RENAMED: Readonly<Record<string, string>> = {
  handshaketimeout: "authenticationtimeout",
  oninvalidframe: "invalidframe",
  onmaxconnections: "beyondmaxconnections",
  onslowconsumer: "slowconsumer",
};

function plain(name: string): string {
  return name
    .toLowerCase()
    .replaceAll(/[^a-z]/g, "")
    .replace(/^spillway/, "")
    .replace(/ms$/, "");
}

function nearestSpelling(given: string, names: Iterable<string>): string | undefined {
  const wanted = given.toLowerCase();
  const furthest = Math.max(1, Math.floor(wanted.length * 0.4));
  let best: string | undefined;
  let least = Infinity;
  for (const name of names) {
    const candidate = name.toLowerCase();
    const distance = editDistance(wanted, candidate);
    const begun = begins(wanted, candidate);
    // A prefix of a name is preferred to a misspelt name.
    const order = begun ? distance - 1_000 : distance;
    if ((!begun && distance > furthest && !wanted.endsWith(candidate)) || order >= least) continue;
    best = name;
    least = order;
  }
  return best;
}

/**
 * Reports whether one string begins with the other. Strings of two letters or fewer do not count: too many names begin
 * with them.
 */
function begins(a: string, b: string): boolean {
  const [short, long] = a.length < b.length ? [a, b] : [b, a];
  return short.replace(/^-+/, "").length > 2 && long.startsWith(short);
}

/**
 * Returns the number of letters to insert, delete, replace or swap with their neighbour to turn one string into the
 * other.
 */
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
