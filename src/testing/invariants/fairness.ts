import { Invariant, type Simulation } from "../simulation.ts";

/**
 * Units of work between two rounds of I/O, on a clock that stands still meanwhile: what the end of a round gives to work that waits, to
 * work that is new, and to what follows from both, at most 8,192 units each.
 */
const MOST_UNITS = 3 * 8_192;

/** Nobody holds the event loop: between two events of the clock, a server handles and streams a bounded number of frames. */
export class Fairness extends Invariant {
  readonly name = "work between two rounds of I/O is bounded";

  override onTick({ work }: Simulation): void {
    this.expect(work <= MOST_UNITS, () => `${work} frames were handled or streamed, of ${MOST_UNITS}`);
  }
}
