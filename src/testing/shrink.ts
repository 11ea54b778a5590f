/** The most runs that shrinking may take. */
const MOST_RUNS = 400;

/** An event of a simulation. */
export interface Happening {
  /** The number of the client or connection that the act concerns; 0 for the drain. */
  readonly whom: number;
}

/** Finds a small subset of `acts` that still fails: first leaves out all acts of one number, then ever shorter runs of acts. */
export async function shrink<Act extends Happening>(
  acts: readonly Act[],
  fails: (acts: readonly Act[]) => Promise<boolean>,
): Promise<readonly Act[]> {
  let left = acts;
  let runs = 0;
  const attempt = async (fewer: readonly Act[]): Promise<boolean> => {
    if (runs >= MOST_RUNS) return false;
    runs += 1;
    const failed = await fails(fewer);
    if (failed) left = fewer;
    return failed;
  };
  for (const who of new Set(acts.map(({ whom }) => whom))) await attempt(left.filter(({ whom }) => whom !== who));
  for (let size = Math.ceil(left.length / 2), before = 0; size >= 1; size = next(size, before === left.length)) {
    before = left.length;
    for (let at = 0; at < left.length; ) {
      if (!(await attempt([...left.slice(0, at), ...left.slice(at + size)]))) at += size;
    }
  }
  return left;
}

/** Single acts are tried again until none can be left out: one may be needed only by another. */
function next(size: number, unchanged: boolean): number {
  return size > 1 ? Math.ceil(size / 2) : unchanged ? 0 : 1;
}
