import type { Session } from "../core/mod.ts";

/** Two readings of the clock with more than this between them say nothing of what was read in between. */
const STEADY_MS = 0.05;
const MOST_READINGS = 4;
/** Instants that differ less than this are the same, measured twice. */
const SAME_MS = 20;

/**
 * When something of a session was, in ms since 1970, of which only the age is known. Measured again, it is the same, so that
 * an order by it is the same in the next page of a list.
 */
export class SteadyInstants {
  readonly #ageOf: (session: Session<never>) => number;
  readonly #known = new WeakMap<Session<never>, number>();

  constructor(ageOf: (session: Session<never>) => number) {
    this.#ageOf = ageOf;
  }

  of(session: Session<never>): number {
    const measured = this.#measured(session);
    const known = this.#known.get(session);
    if (known !== undefined && Math.abs(known - measured) < SAME_MS) return known;
    this.#known.set(session, measured);
    return measured;
  }

  /** The process may be put aside between two readings of the clock. */
  #measured(session: Session<never>): number {
    for (let reading = 1; ; reading += 1) {
      const before = performance.now();
      const age = this.#ageOf(session);
      const after = performance.now();
      if (after - before <= STEADY_MS || reading === MOST_READINGS) {
        return performance.timeOrigin + (before + after) / 2 - age;
      }
    }
  }
}
