/** The broadcasts of all workers that one worker hears, and those that are reported missing to it. */
import type { BusGap } from "../../../src/core/mod.ts";

/** The groups of a simulated cluster. */
export const GROUPS = ["a", "b", "c"] as const;

/** The numbers of a worker's broadcasts, for each group. */
export type Counts = Record<string, number>;

/** A count for each group, at 0. */
export function noCounts(): Counts {
  return Object.fromEntries(GROUPS.map((group) => [group, 0]));
}

/** The broadcasts of one worker. */
interface OfOrigin {
  /** The first and the last number of each group. */
  readonly first: Counts;
  readonly last: Counts;
  frames: number;
}

export class Heard {
  readonly #of = new Map<string, OfOrigin>();
  readonly #missed = new Map<string, number>();

  /** Notes a broadcast. Returns what is wrong with it, if anything is. */
  note(pid: string, group: string, number: number): string | undefined {
    const of = this.#of.get(pid) ?? { first: {}, last: {}, frames: 0 };
    this.#of.set(pid, of);
    const last = of.last[group] ?? 0;
    of.first[group] ??= number;
    of.last[group] = number;
    of.frames += 1;
    return number > last ? undefined : `broadcast ${number} of worker ${pid} to ${group} came behind ${last}`;
  }

  noteGap({ missed, origin }: BusGap): void {
    this.#missed.set(origin, (this.#missed.get(origin) ?? 0) + missed);
  }

  /**
   * Compares the broadcasts that were heard, and the number reported missing, with those that were sent. Nothing from before `least` is either.
   * Broadcasts from before `base` may be missing without a report; with no base, those before the first that was heard; of a
   * worker that has ended (`"none"`), all.
   */
  check(
    { origin, pid }: { readonly origin: string; readonly pid: number },
    sent: Counts,
    least: Counts,
    base: Counts | "none" | undefined,
  ): string | undefined {
    const of = this.#of.get(`${pid}`) ?? { first: {}, last: {}, frames: 0 };
    const missed = this.#missed.get(origin) ?? 0;
    const total = of.frames + missed;
    let most = 0;
    let fewest = 0;
    for (const group of GROUPS) {
      const all = sent[group] ?? 0;
      most += all - (least[group] ?? 0);
      const first = of.first[group];
      if (base === "none") continue;
      const from = Math.min(base?.[group] ?? Infinity, first === undefined ? Infinity : first - 1);
      if (from < all) fewest += all - from;
    }
    if (total >= fewest && total <= most) return undefined;
    return `${of.frames} broadcasts of worker ${pid} were heard and ${missed} reported missing, of ${fewest} to ${most}`;
  }
}
