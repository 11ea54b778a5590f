import { clearInterval, setInterval } from "node:timers";
import { Latencies } from "./latencies.ts";

const EVERY_MS = 10;

/** Measures how late the event loop is. The own measurement of a runtime does not work on all of them. */
export class LoopDelay {
  readonly delays: Latencies = new Latencies();
  #expectedAt = performance.now() + EVERY_MS;
  readonly #timer = setInterval(() => {
    const now = performance.now();
    this.delays.add(Math.max(0, now - this.#expectedAt));
    this.#expectedAt = now + EVERY_MS;
  }, EVERY_MS);

  end(): Latencies {
    clearInterval(this.#timer);
    return this.delays;
  }
}
