import type { ErrorCode, SpillwayError } from "../errors/errors.ts";
import { acceptError } from "../errors/faults.ts";
import type { Clock } from "../time/clock.ts";
import type { EstablishStep } from "../transport/establish.ts";
import type { Connection, Listener } from "../transport/transport.ts";

/** The effect of each accept error on accepting. An error that is not in the table is fatal. */
const RULES: Partial<Record<ErrorCode, "next" | "back-off" | "stop">> = {
  "connection-aborted": "next",
  "out-of-descriptors": "back-off",
  "listener-closed": "stop",
};

const FIRST_BACK_OFF_MS = 10;
const LONGEST_BACK_OFF_MS = 1_000;

/** The owner of an {@link AcceptLoop}. */
export interface AcceptLoopOwner {
  /** Returns when a connection with these steps may be accepted: now (`undefined`), or not before the promise fulfils. */
  whenReady(steps: readonly EstablishStep[]): Promise<void> | undefined;
  /** Takes over a connection. Must not throw. */
  onConnection(connection: Connection, steps: readonly EstablishStep[]): void;
  /** Accepting failed, and continues in `retryInMs`. */
  onError(error: SpillwayError, retryInMs: number): void;
}

/** Takes connections from a listener until it is stopped. */
export class AcceptLoop {
  readonly #listener: Listener;
  readonly #steps: readonly EstablishStep[];
  readonly #owner: AcceptLoopOwner;
  readonly #clock: Clock;
  /** Ends the pause after an error. */
  #resume: (() => void) | undefined;
  #stopped = false;

  constructor(listener: Listener, steps: readonly EstablishStep[], owner: AcceptLoopOwner, clock: Clock) {
    this.#listener = listener;
    this.#steps = steps;
    this.#owner = owner;
    this.#clock = clock;
  }

  /** Accepts until `stop`. @throws {SpillwayError} accepting failed permanently */
  async run(): Promise<void> {
    const owner = this.#owner;
    const steps = this.#steps;
    const connections = this.#listener[Symbol.asyncIterator]();
    let backOffMs = FIRST_BACK_OFF_MS;
    while (!this.#stopped) {
      try {
        const next: IteratorResult<Connection, unknown> = await connections.next();
        if (next.done) return;
        backOffMs = FIRST_BACK_OFF_MS;
        // Another listener of the server may have taken the place meanwhile.
        for (let room = owner.whenReady(steps); room !== undefined; room = owner.whenReady(steps)) {
          await room;
          if (this.#stopped) return next.value.abort();
        }
        owner.onConnection(next.value, steps);
        for (let room = owner.whenReady(steps); room !== undefined; room = owner.whenReady(steps)) {
          await room;
          if (this.#stopped) return;
        }
      } catch (cause) {
        const error = acceptError(cause);
        switch (RULES[error.code]) {
          case "next":
            this.#owner.onError(error, 0);
            break;
          case "back-off":
            this.#owner.onError(error, backOffMs);
            await this.#pause(backOffMs);
            backOffMs = Math.min(2 * backOffMs, LONGEST_BACK_OFF_MS);
            break;
          case "stop":
            return;
          default:
            throw error;
        }
      }
    }
  }

  /** Stops accepting, but takes connections that wait already. Then `run` returns. */
  finish(): void {
    if (this.#listener.finish === undefined) this.#listener.close();
    else this.#listener.finish();
    this.#resume?.();
  }

  /** Stops accepting at once. */
  stop(): void {
    this.#stopped = true;
    this.#listener.close();
    this.#resume?.();
  }

  async #pause(ms: number): Promise<void> {
    if (this.#stopped) return;
    let timer: unknown;
    await new Promise<void>((resolve) => {
      this.#resume = resolve;
      timer = this.#clock.setTimeout(resolve, ms);
    });
    this.#clock.clearTimeout(timer);
    this.#resume = undefined;
  }
}
