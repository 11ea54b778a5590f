import type { Address } from "../../core/mod.ts";

/** A worker of a cluster, as far as its supervisor's endpoint shows it. */
export interface SupervisedWorker {
  /** Its number, from 1. A worker that replaces another has the same. */
  readonly slot: number;
  /** Its number among all workers that were started, from 1. */
  readonly id: number;
  /** The number of its process. */
  readonly pid: number | undefined;
  /** `starting`, `serving`, `draining`, `killed` or `ended`. */
  readonly state: string;
}

/** The cluster that a supervisor's endpoint shows and steers: a `Cluster` of `spillway/cluster`. */
export interface SupervisedCluster {
  /** Where it listens. */
  readonly addresses: readonly Address[];
  /** The workers that have not ended. */
  readonly workers: readonly SupervisedWorker[];
  /** Whether a connection is accepted now. */
  readonly isServing: boolean;
  /** Replaces every worker, or that of one slot. */
  reload(slot?: number): Promise<{ readonly reloaded: boolean; readonly why?: string }>;
  /** Lets the worker of a slot drain. Returns whether one serves there. */
  drainWorker(slot: number): boolean;
  /** Lets every worker drain. A second call lets them abort what remains. */
  shutdown(options?: { readonly graceMs?: number }): Promise<unknown>;
  /** Asks a worker, whose `answering` answers. Rejects when the worker does not answer in time. */
  ask(worker: { readonly id: number }, question: unknown, timeoutMs: number): Promise<unknown>;
}
