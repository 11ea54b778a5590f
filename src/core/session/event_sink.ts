import { describe } from "../errors/describe.ts";
import { isPromiseLike } from "../time/is_promise_like.ts";
import type { ErrorLog, LoggedEvent } from "./error_log.ts";

/**
 * Passes the events of a server or client to its observer, or to the log of errors if there is no observer. An observer that
 * throws, or an async one that rejects, is counted and reported, and disturbs nothing else.
 */
export class EventSink<Event extends LoggedEvent> {
  /** The number of events on which the observer threw. */
  observerErrors = 0;
  readonly #observer: (event: Event) => unknown;
  readonly #log: ErrorLog;
  /** The observer's name in reports. */
  readonly #name: string;

  constructor(observer: ((event: Event) => unknown) | undefined, log: ErrorLog, name: string) {
    this.#observer = observer ?? ((event) => log.observe(event));
    this.#log = log;
    this.#name = name;
  }

  emit(event: Event): void {
    try {
      const result = this.#observer(event);
      if (isPromiseLike(result)) result.then(undefined, (cause: unknown) => this.#report(event, cause));
    } catch (cause) {
      this.#report(event, cause);
    }
  }

  /** No further event comes: writes what the log has counted. */
  end(): void {
    this.#log.end();
  }

  #report({ type }: Event, cause: unknown): void {
    this.observerErrors += 1;
    this.#log.report("observer-failed", () => `${this.#name} threw at ${type}: ${describe(cause)}`, cause);
  }
}
