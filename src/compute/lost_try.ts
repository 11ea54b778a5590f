import type { FleetError } from "./errors.ts";

/** A try that failed for want of a worker, and not because of its frame. Another try may succeed. */
export class LostTry extends Error {
  readonly error: FleetError;
  /** Whether the frame was provably not handled. */
  readonly unhandled: boolean;

  constructor(error: FleetError, unhandled: boolean) {
    super(error.message);
    this.error = error;
    this.unhandled = unhandled;
  }
}
