import type { Compute, ComputeStats } from "./compute.ts";
import type { FleetError } from "./errors.ts";

/** The state of a {@link Fleet}. */
export interface FleetStats extends ComputeStats {
  /** Frames that were answered, with a reply or with the error that the worker's handler threw. */
  readonly answered: number;
  /** Frames that failed with an error of the fleet. */
  readonly failed: number;
  /** Further tries of frames. */
  readonly retries: number;
}

/** The events of a {@link Fleet}. */
export type FleetEvent =
  /** A worker, or the broker, is there (again). */
  | { readonly type: "worker-up"; readonly address: string }
  /** It is lost, or was ejected because its tries failed. It is tried again after `delayMs`. */
  | {
      readonly type: "worker-down";
      readonly address: string;
      readonly error: FleetError;
      readonly delayMs: number;
    }
  /** A name was not resolved: the workers of the last answer stay. */
  | { readonly type: "resolve-failed"; readonly address: string; readonly error: FleetError };

/** Settings that all fleets have. */
export interface FleetOptions {
  /** The most frames that wait for a worker. Beyond it, frames are refused as `fleet-busy`. A whole number or `Infinity`; default 1024. */
  readonly maxQueue?: number;
  /**
   * Whether a frame may be handled twice. Then a frame whose worker was lost, or took too long, is sent to another. Otherwise only a
   * frame that was provably not handled is. Default false.
   */
  readonly idempotent?: boolean;
  /** The time for which a frame waits while there is no worker or no broker: `no-workers`. 0 waits for nothing. Default 1000. */
  readonly waitForWorkersMs?: number;
  /** Called with every event. Default: losses are written with `console.error`. */
  readonly observer?: (event: FleetEvent) => void;
}

/** Workers in other processes: see `remote`, `nats` and `redisStreams`. */
export interface Fleet<In, Out> extends Compute<In, Out> {
  /**
   * Fulfils when a worker, or the broker, is connected.
   *
   * @throws {FleetError} `no-workers`, `fleet-unavailable`, `fleet-closed`
   */
  ready(): Promise<void>;
  /** Returns the present counts. */
  stats(): FleetStats;
}
