import { realNow, realPause } from "./real_time.ts";
import type { ServiceTap } from "./service_tap.ts";

/** How long work may take that does not wait for the clock of the simulation, in real milliseconds: at first, and once there was some. */
const FIRST_PATIENCE_MS = 250;
const PATIENCE_MS = 5_000;
/** After so many waits in vain, the service just never settles, or its calls wait for each other. */
const MOST_VAIN = 4;
const VAIN_PATIENCE_MS = 2;

/**
 * Work of a service that the simulation does not control: files, real sockets, worker threads. It takes real time, so virtual time
 * stands still for it, up to a limit. One of these for all runs of a service: what it has learnt makes later runs faster.
 */
export class RealWork {
  /** The number of calls that have finished in real time, and the real time that they took. */
  calls = 0;
  waitedMs = 0;
  #vain = 0;
  /** The number of unfinished calls that were waited for in vain. */
  #hopeless = 0;

  /** Starts another run: nothing of the last one is left. */
  begin(): void {
    this.#hopeless = 0;
  }

  /** Waits for calls that wait for something else than the `timers` that are armed on the clock of the simulation. */
  async wait(tap: ServiceTap, timers: number): Promise<void> {
    const strange = () => tap.working.size - timers - this.#hopeless;
    if (tap.working.size < this.#hopeless) this.#hopeless = tap.working.size;
    if (strange() <= 0) return;
    const startedAt = realNow();
    const patienceMs = this.#patienceMs;
    const { finishedLate } = tap;
    for (let turns = 0; strange() > 0 && realNow() - startedAt < patienceMs; turns++)
      await realPause(turns < 5 ? 0 : 2);
    this.waitedMs += realNow() - startedAt;
    if (tap.finishedLate > finishedLate) {
      this.calls += tap.finishedLate - finishedLate;
      this.#vain = 0;
    }
    if (strange() <= 0) return;
    this.#vain += 1;
    this.#hopeless = tap.working.size - timers;
  }

  get #patienceMs(): number {
    if (this.#vain >= MOST_VAIN) return VAIN_PATIENCE_MS;
    return this.calls > 0 ? PATIENCE_MS : FIRST_PATIENCE_MS;
  }
}
