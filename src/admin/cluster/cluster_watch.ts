import { addressText } from "../../core/mod.ts";
import type { EventRecord } from "../event_record.ts";
import type { SupervisedCluster, SupervisedWorker } from "./supervised_cluster.ts";

/** An event of a cluster, of which this room knows no more than that it has a type. */
export interface AnyClusterEvent {
  /** Its type, such as `worker-ready`. */
  readonly type: string;
}

/** The fields of events that are shown as they are. */
const PLAIN = ["workers", "slot", "inMs", "failures", "why", "asked", "expected", "reloaded", "failed"] as const;
const OWN_NAME = /^(worker|reload|upgrade)-/;

/** Why a worker was started in place of another: that one `ended` by itself, was `killed`, or `drained`. */
export const RESTART_REASONS = ["ended", "killed", "drained"] as const;
type RestartReason = (typeof RESTART_REASONS)[number];

/** The counts of a supervisor. */
export interface ClusterCounts {
  /** Workers that were started because another had ended or had drained by itself. */
  restarts: number;
  /** Workers that were killed, because they did not answer, start or end. */
  killed: number;
  reloads: number;
  failedReloads: number;
}

/** The state of a cluster in one word. */
export type ClusterPhase = "waiting" | "serving" | "draining" | "drained";

/** The state of a cluster, as its events tell it. */
export class ClusterWatch {
  readonly counts: ClusterCounts = { restarts: 0, killed: 0, reloads: 0, failedReloads: 0 };
  /** The restarts by their reasons. */
  readonly restarts: Record<RestartReason, number> = { ended: 0, killed: 0, drained: 0 };
  phase: ClusterPhase = "waiting";
  /** When all workers were ready for the first time, in ms since 1970. */
  readySince: number | undefined;
  reloading = false;
  /** The number of workers that there should be. */
  wanted = 0;
  /** When workers have become ready, by their ids, in ms since 1970. */
  readonly #readyAt = new Map<number, number>();
  /** The ids of workers that are being killed. */
  readonly #killed = new Set<number>();
  /** The reason why a worker last left: the event of its restart follows at once. */
  #left: RestartReason = "ended";

  observe(event: AnyClusterEvent): void {
    const fields = event as {
      readonly workers?: number;
      readonly reloaded?: boolean;
      readonly worker?: SupervisedWorker;
    };
    switch (event.type) {
      case "bound":
        this.wanted = fields.workers ?? 0;
        return;
      case "worker-ready":
        if (this.phase === "waiting") this.phase = "serving";
        if (fields.worker !== undefined) this.#readyAt.set(fields.worker.id, Date.now());
        return;
      case "worker-draining":
        this.#left = "drained";
        return;
      case "worker-ended":
        if (fields.worker === undefined) return;
        this.#readyAt.delete(fields.worker.id);
        this.#left = this.#killed.delete(fields.worker.id) ? "killed" : "ended";
        return;
      case "ready":
        this.readySince = Date.now();
        return;
      case "worker-restarting":
        this.counts.restarts += 1;
        this.restarts[this.#left] += 1;
        return;
      case "worker-killed":
        this.counts.killed += 1;
        if (fields.worker !== undefined) this.#killed.add(fields.worker.id);
        return;
      case "reload-started":
        this.reloading = true;
        return;
      case "reload-finished":
        this.reloading = false;
        if (fields.reloaded === true) this.counts.reloads += 1;
        else this.counts.failedReloads += 1;
        return;
      case "draining":
      case "drained":
        this.phase = event.type;
        return;
      default:
    }
  }

  /** For how long a worker has served, in ms. */
  ageOf({ id }: SupervisedWorker): number | undefined {
    const since = this.#readyAt.get(id);
    return since === undefined ? undefined : Date.now() - since;
  }

  /** Why a cluster should get no new connections: nothing, if it is ready. */
  problems(cluster: SupervisedCluster | undefined): { readonly code: string; readonly message: string }[] {
    if (this.phase === "draining") return [{ code: "draining", message: "the cluster drains" }];
    if (this.phase === "drained") return [{ code: "drained", message: "the cluster has drained" }];
    if (cluster?.isServing === true) return [];
    return [{ code: "not-listening", message: "no worker serves" }];
  }

  /** The slots whose worker does not serve. */
  missing(cluster: SupervisedCluster | undefined): number[] {
    const serving = new Set(cluster?.workers.filter(({ state }) => state === "serving").map(({ slot }) => slot));
    return Array.from({ length: this.wanted }, (_, index) => index + 1).filter((slot) => !serving.has(slot));
  }
}

/** Returns an event of a cluster as `/events` shows it. */
export function clusterEventRecord(event: AnyClusterEvent): EventRecord {
  const type = OWN_NAME.test(event.type) ? event.type : `cluster-${event.type}`;
  const record: { at: string; type: string; [field: string]: unknown } = { at: new Date().toISOString(), type };
  const fields = event as unknown as Readonly<Record<string, unknown>>;
  for (const name of PLAIN) if (fields[name] !== undefined) record[name] = fields[name];
  const { exit, worker } = event as { exit?: { code?: unknown; signal?: unknown }; worker?: SupervisedWorker };
  if (worker !== undefined) Object.assign(record, { worker: worker.slot, pid: worker.pid });
  if (exit !== undefined) Object.assign(record, { exitCode: exit.code, signal: exit.signal });
  return record;
}

/** Returns the addresses of a cluster as text. */
export function clusterAddresses(cluster: SupervisedCluster | undefined): string[] {
  return cluster?.addresses.map(addressText) ?? [];
}
