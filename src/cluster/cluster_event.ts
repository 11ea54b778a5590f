import type { Address } from "../core/mod.ts";
import type { Exit, WorkerState } from "./worker.ts";

/** A worker, in events and in {@link Cluster.workers}. */
export interface WorkerInfo {
  /** Its number, from 1. A worker that replaces another has the same. */
  readonly slot: number;
  /** Its number among all workers that were started, from 1. */
  readonly id: number;
  /** The number of its process. */
  readonly pid: number | undefined;
  /** Where it is between its start and its end. */
  readonly state: WorkerState;
}

/** Why workers are replaced, or not. */
export interface ReloadResult {
  /** Whether every worker was replaced. */
  readonly reloaded: boolean;
  /** Otherwise the reason. The workers that were not replaced go on serving. */
  readonly why?: string;
}

/**
 * An event of a cluster. Further types may come: an observer ignores those that it does not know.
 */
export type ClusterEvent =
  /** The sockets are bound. Nothing is accepted before a worker is ready. */
  | { readonly type: "bound"; readonly addresses: readonly Address[]; readonly workers: number }
  | { readonly type: "worker-started"; readonly worker: WorkerInfo }
  | { readonly type: "worker-ready"; readonly worker: WorkerInfo }
  /** The worker drains: `asked` by the supervisor, or because of a signal that the worker got itself. */
  | { readonly type: "worker-draining"; readonly worker: WorkerInfo; readonly asked: boolean }
  | { readonly type: "worker-killed"; readonly worker: WorkerInfo; readonly why: string }
  /** `expected`: the worker was told to end, and did so with exit code 0, or before it was ready. */
  | { readonly type: "worker-ended"; readonly worker: WorkerInfo; readonly exit: Exit; readonly expected: boolean }
  /** Another worker takes its place after a pause, which grows while workers fail in a row. */
  | { readonly type: "worker-restarting"; readonly slot: number; readonly inMs: number; readonly failures: number }
  /** The first workers are all ready. */
  | { readonly type: "ready"; readonly workers: number }
  | { readonly type: "reload-started"; readonly workers: number }
  | ({ readonly type: "reload-finished" } & ReloadResult)
  /** The supervisor hands its sockets to another one, or has tried to. */
  | { readonly type: "upgrade-started" }
  /** Another supervisor has taken over: the workers of this one drain. */
  | { readonly type: "upgrade-finished" }
  | { readonly type: "upgrade-failed"; readonly why: string }
  /** The supervisor that had taken over has ended while this one still drains: nobody accepts when this one has ended. */
  | { readonly type: "successor-lost"; readonly why: string }
  | { readonly type: "draining"; readonly workers: number }
  /** Every worker has ended: `failed` is the number of those whose exit code was not 0. */
  | { readonly type: "drained"; readonly failed: number };

/** Gets the events of a cluster. An error that it throws is reported with `console.error`. */
export type ClusterObserver = (event: ClusterEvent) => void;
