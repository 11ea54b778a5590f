import { describe } from "../errors/describe.ts";
import { isPromiseLike } from "../time/is_promise_like.ts";
import type { ErrorLog, LoggedEvent } from "./error_log.ts";

type Observers<Event> = readonly ((event: Event) => unknown)[];

/**
 * Passes the events of a server or client to its observers, or to the log of errors if there is none. An observer that
 * throws, or an async one that rejects, is counted and reported, and disturbs nothing else.
 */
export class EventSink<Event extends LoggedEvent> {
  /** The number of events on which the observer threw. */
  observerErrors = 0;
  readonly #observers: Observers<Event>;
  readonly #log: ErrorLog;
  /** The observer's name in reports. */
  readonly #name: string;

  constructor(observers: Observers<Event> | undefined, log: ErrorLog, name: string) {
    this.#observers = observers ?? [(event) => log.observe(event)];
    this.#log = log;
    this.#name = name;
  }

  emit(event: Event): void {
    // Not `for of`, whose iterator costs each event 128 bytes on V8.
    for (let index = 0; index < this.#observers.length; index++) this.#call(index, event);
  }

  #call(index: number, event: Event): void {
    try {
      const result = this.#observers[index]?.(event);
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

/** Returns the observers of an option that takes one or several. */
export function listOf<Observer>(given: Observer | readonly Observer[] | undefined): readonly Observer[] | undefined {
  return given === undefined || Array.isArray(given) ? (given as readonly Observer[] | undefined) : [given as Observer];
}
