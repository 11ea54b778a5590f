import { SpillwayError } from "../errors/errors.ts";
import { handlerError } from "../errors/faults.ts";
import { isPromiseLike } from "../time/is_promise_like.ts";
import type { BusGap } from "./bus.ts";
import type { BusEvent } from "./bus_event.ts";

/** The receivers of reports of gaps. */
export interface GapListeners {
  readonly observe: (event: BusEvent) => void;
  readonly onGap: ((gap: BusGap) => unknown) | undefined;
}

/** Tells the observer of a gap, and then the service. */
export function tellGap(bus: string, gap: BusGap, { observe, onGap }: GapListeners): void {
  const message = `${gap.missed} frames of the server ${gap.origin} did not arrive: ${gap.why}`;
  observe({ type: "bus-gap", bus, ...gap, error: new SpillwayError("bus-gap", message) });
  if (onGap === undefined) return;
  const failed = (cause: unknown) => observe({ type: "bus-error", bus, error: handlerError(cause, "onGap") });
  try {
    const result = onGap(gap);
    if (isPromiseLike(result)) result.then(undefined, failed);
  } catch (cause) {
    failed(cause);
  }
}
