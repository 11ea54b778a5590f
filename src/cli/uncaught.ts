import type { Logger } from "@logtape/logtape";
import { describe, takeApart } from "../core/mod.ts";

type UncaughtEvent = "uncaughtException" | "unhandledRejection";

/** What tells of errors that nobody caught: a process. */
export interface UncaughtSource {
  on(event: UncaughtEvent, listener: (thrown: unknown) => void): unknown;
  off(event: UncaughtEvent, listener: (thrown: unknown) => void): unknown;
}

/** How many are logged one by one: a timer that throws does so again. */
const MOST_LOGGED = 10;

const MESSAGES: Readonly<Record<UncaughtEvent, string>> = {
  uncaughtException: "uncaught error: {error}",
  unhandledRejection: "unhandled rejection: {error}",
};

/**
 * Logs what nobody caught: what a service threw in a timer or an event listener, and what a promise that nobody looks at was
 * rejected with. The runtimes would end the process in the middle of its work; this leaves that to `onFirst`.
 */
export class UncaughtErrors {
  /** Called once, with the first. */
  onFirst: () => void = () => undefined;
  readonly #source: UncaughtSource;
  readonly #logger: () => Logger;
  readonly #listeners: readonly (readonly [UncaughtEvent, (thrown: unknown) => void])[];
  #count = 0;

  /** The logger is asked for when there is something to log. */
  constructor(source: UncaughtSource, logger: () => Logger) {
    this.#source = source;
    this.#logger = logger;
    this.#listeners = (["uncaughtException", "unhandledRejection"] as const).map((event) => [
      event,
      (thrown) => this.#onError(event, thrown),
    ]);
    for (const [event, listener] of this.#listeners) source.on(event, listener);
  }

  /** How many there were. */
  get count(): number {
    return this.#count;
  }

  /** From now on the runtime does what it does by default. */
  end(): void {
    for (const [event, listener] of this.#listeners) this.#source.off(event, listener);
    const more = this.#count - MOST_LOGGED;
    if (more > 0) this.#logger().error("{more} more uncaught errors", { event: "uncaught-errors", more });
  }

  #onError(event: UncaughtEvent, thrown: unknown): void {
    this.#count += 1;
    if (this.#count <= MOST_LOGGED) {
      const fields = { event: "uncaught-error", kind: event, error: describe(thrown), cause: takeApart(thrown) };
      this.#logger().error(MESSAGES[event], fields);
    }
    if (this.#count === 1) this.onFirst();
  }
}
