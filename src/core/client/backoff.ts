import type { ClientEnd } from "./client_event.ts";
import type { ReconnectOptions } from "./reconnect_options.ts";

/** The pauses between attempts to connect. They grow until a connection has proved good. */
export class Backoff {
  /** Attempts since a connection last proved good. */
  attempts = 0;
  readonly #options: ReconnectOptions;
  readonly #hostCount: number;
  readonly #random: () => number;

  /** Of `hostCount` hosts each is tried once before the pauses grow. */
  constructor(options: ReconnectOptions, hostCount: number, random: () => number) {
    this.#options = options;
    this.#hostCount = hostCount;
    this.#random = random;
  }

  /** Whether the last attempt was made. */
  get exhausted(): boolean {
    return this.attempts >= this.#options.maxAttempts;
  }

  /** Starts anew: the connection has proved good. */
  reset(): void {
    this.attempts = 0;
  }

  /** Judges a connection that ended. `aliveMs` is how long it was ready; 0 when it never was. */
  noteEnd({ reason }: ClientEnd, aliveMs: number): void {
    // A server that accepts, greets and hangs up is no better than one that refuses. An idle connection is not at fault.
    const idle = reason === "idle-timeout" && aliveMs > 0;
    if (idle || (aliveMs > this.#options.maxDelayMs && reason !== "request-timeout")) this.reset();
  }

  /** Counts an attempt, and returns the pause before it. */
  next(skipPause: boolean): number {
    const delayMs = skipPause ? 0 : this.#longestDelayMs() * (1 - this.#options.jitter * this.#random());
    this.attempts += 1;
    return delayMs;
  }

  #longestDelayMs(): number {
    const { minDelayMs, maxDelayMs, factor } = this.#options;
    return Math.min(maxDelayMs, minDelayMs * factor ** Math.floor(this.attempts / this.#hostCount));
  }
}
