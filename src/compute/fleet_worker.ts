import type { DrainResult } from "../core/mod.ts";
import type { FleetHandler } from "./fleet_context.ts";

/** The state of a {@link FleetWorker}. */
export interface FleetWorkerStats {
  /** Whether the broker is connected. */
  readonly connected: boolean;
  /** Frames that the handler has. */
  readonly busy: number;
  /** Frames that wait for the handler. */
  readonly queued: number;
  /** Frames that were answered, with a reply or an error. */
  readonly answered: number;
  /** Frames that were refused: others handle them. */
  readonly refused: number;
}

/** The events of a {@link FleetWorker}. */
export type FleetWorkerEvent =
  /** The broker is connected (again), and gives frames to this worker. */
  | { readonly type: "worker-up"; readonly address: string }
  | { readonly type: "worker-down"; readonly address: string; readonly error: Error; readonly delayMs: number }
  /** The handler threw: its requester gets the error. */
  | { readonly type: "handler-error"; readonly error: unknown }
  /** With `redisStreams`: a frame was put aside, because it was delivered too often. */
  | { readonly type: "dead-letter"; readonly id: string; readonly deliveries: number };

/** Settings of all workers of a broker. */
export interface FleetWorkerOptions<In = string, Out = In> {
  /** Computes the reply to a frame. The handler of a service that uses only `context.signal` fits. */
  readonly handler: FleetHandler<In, Out>;
  /** The most frames that the handler has at once. A whole number; default 16. */
  readonly concurrency?: number;
  /** The time for one frame: its requester gets `handler-timeout`. Default 30000. */
  readonly handlerTimeoutMs?: number;
  /** Called with every event. Default: errors are written with `console.error`. */
  readonly observer?: (event: FleetWorkerEvent) => void;
}

/** Options of {@link FleetWorker.drain}. */
export interface WorkerDrainOptions {
  /** The time after which the signals of the remaining frames abort. Default 10000. */
  readonly timeoutMs?: number;
}

/** A worker of a broker's fleet: see `natsWorker` and `redisWorker`. `await using` drains it. */
export interface FleetWorker extends AsyncDisposable {
  /**
   * Fulfils when the broker gives frames to this worker.
   *
   * @throws {FleetError} `fleet-unavailable`, `fleet-closed`
   */
  ready(): Promise<void>;
  /** Returns the present counts. */
  stats(): FleetWorkerStats;
  /**
   * Takes nothing more, answers the frames that it has, and leaves. After `timeoutMs`, or at a second call, it aborts those that remain,
   * whose requesters get that as an error. Returns the numbers of frames that it had and that were answered, and that were aborted.
   *
   * @throws {RangeError} a `timeoutMs` of 0, negative or NaN
   */
  drain(options?: WorkerDrainOptions): Promise<DrainResult>;
}
