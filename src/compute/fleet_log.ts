import { describe, type ErrorLog } from "../core/mod.ts";
import type { FleetEvent } from "./fleet.ts";

/** Passes events of a fleet on to its observer, or writes losses. */
export class FleetLog {
  readonly #observer: ((event: FleetEvent) => void) | undefined;
  readonly #log: ErrorLog;

  constructor(observer: ((event: FleetEvent) => void) | undefined, log: ErrorLog) {
    this.#observer = observer;
    this.#log = log;
  }

  emit(event: FleetEvent): void {
    if (this.#observer === undefined) {
      if ("error" in event) this.#log.report(event.error.code, () => event.error.message, event.error.cause);
      return;
    }
    try {
      this.#observer(event);
    } catch (cause) {
      this.#log.report("observer-failed", () => `the observer of a fleet threw: ${describe(cause)}`, cause);
    }
  }

  end(): void {
    this.#log.end();
  }
}
