import type { SpillwayError } from "../errors/errors.ts";
import type { BusGap } from "./bus.ts";

/** An event of a server's bus. */
export type BusEvent =
  /** The bus is connected, and everything subscribed is effective. `downMs` is absent the first time. */
  | { readonly type: "bus-up"; readonly bus: string; readonly downMs?: number }
  /** The broker cannot be reached, or the connection is lost. Comes once until `bus-up`. Attempts go on. */
  | { readonly type: "bus-down"; readonly bus: string; readonly error: SpillwayError; readonly retryInMs: number }
  /** Frames of another server did not arrive. Comes once for everything that was lost at one time. */
  | ({ readonly type: "bus-gap"; readonly bus: string; readonly error: SpillwayError } & BusGap)
  /** A message that cannot be read or delivered (at most once a second), or an `onGap` that failed. */
  | { readonly type: "bus-error"; readonly bus: string; readonly error: SpillwayError };
