import type { Duplex } from "node:stream";
import type { SpillwayError } from "../core/mod.ts";

/** The owner of a {@link Carrier}. */
export interface CarrierOwner {
  /** The connection broke. Called once at most. */
  onBroken(error: SpillwayError): void;
  /** The descriptor is released. */
  onReleased(): void;
}

/** What carries the records of a TLS socket. */
export interface Carrier {
  /** What the TLS socket is made over. */
  readonly stream: Duplex;
  owner: CarrierOwner | undefined;
  /** Sends FIN behind what was written, releases the descriptor, and calls back. */
  release(onReleasing?: () => void): void;
  /** Ends at once, with a reset where possible. */
  reset(reason?: unknown): void;
}
