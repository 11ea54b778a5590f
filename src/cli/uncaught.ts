import type { Logger } from "@logtape/logtape";
import { describe, takeApart } from "../core/mod.ts";

type UncaughtEvent = "uncaughtException" | "unhandledRejection";

/** A source of uncaught errors: a process. */
export interface UncaughtSource {
  on(event: UncaughtEvent, listener: (thrown: unknown) => void): unknown;
  off(event: UncaughtEvent, listener: (thrown: unknown) => void): unknown;
}

/** The most errors logged one by one: a timer that throws may do so again and again. */
const MOST_LOGGED = 10;

const MESSAGES: Readonly<Record<UncaughtEvent, string>> = {
  uncaughtException: "uncaught error: {error}",
  unhandledRejection: "unhandled rejection: {error}",
};

/**
 * Logs uncaught errors: errors that a service throws in a timer or an event listener, and unhandled rejections. The runtimes would
 * end the process in the middle of its work; this class leaves that decision to `onFirst`.
 */
export class UncaughtErrors {
  /** Called once, when the first error comes. */
  onFirst: () => void = () => undefined;
  readonly #source: UncaughtSource;
  readonly #logger: () => Logger;
  readonly #listeners: readonly (readonly [UncaughtEvent, (thrown: unknown) => void])[];
  #count = 0;

  /** `logger` is called only when there is an error to log. */
  constructor(source: UncaughtSource, logger: () => Logger) {
    this.#source = source;
    this.#logger = logger;
    this.#listeners = (["uncaughtException", "unhandledRejection"] as const).map((event) => [
      event,
      (thrown) => this.#onError(event, thrown),
    ]);
    for (const [event, listener] of this.#listeners) source.on(event, listener);
  }

  /** The number of uncaught errors so far. */
  get count(): number {
    return this.#count;
  }

  /** Stops listening: from now on the runtime handles uncaught errors by its default. */
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
