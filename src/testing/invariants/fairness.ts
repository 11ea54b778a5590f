import { Invariant, type Simulation } from "../simulation.ts";

/**
 * The most units of work between two rounds of I/O, on a clock that stands still in between: waiting work, new work, and work that
 * follows from both each get at most 8,192 units at the end of a round.
 */
const MOST_UNITS = 3 * 8_192;

/** No connection holds the event loop: between two events of the clock, a server handles and streams a bounded number of frames. */
export class Fairness extends Invariant {
  readonly name = "work between two rounds of I/O is bounded";

  override onTick({ work }: Simulation): void {
    this.expect(work <= MOST_UNITS, () => `${work} frames were handled or streamed, of ${MOST_UNITS}`);
  }
}
