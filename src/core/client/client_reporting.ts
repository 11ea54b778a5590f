import { describe } from "../errors/describe.ts";
import { ErrorLog } from "../session/error_log.ts";
import type { Clock } from "../time/clock.ts";
import type { ClientEvent } from "./client_event.ts";

/** Tells the observer of a client what happens; where there is none, `console.error` of errors. */
export class ClientReporting {
  /** Events on which the observer threw. */
  observerErrors = 0;
  readonly #observer: ((event: ClientEvent) => void) | undefined;
  readonly #errorLog: ErrorLog;

  constructor(observer: ((event: ClientEvent) => void) | undefined, clock: Clock) {
    this.#observer = observer;
    this.#errorLog = new ErrorLog(clock, "outbound");
  }

  observe(event: ClientEvent): void {
    if (this.#observer === undefined) return this.#errorLog.observe(event);
    try {
      this.#observer(event);
    } catch (cause) {
      this.observerErrors += 1;
      const what = () => `the observer of a client threw at ${event.type}: ${describe(cause)}`;
      this.#errorLog.report("observer-failed", what, cause);
    }
  }

  /** The client is closed: says what was left out. */
  end(): void {
    this.#errorLog.end();
  }
}
