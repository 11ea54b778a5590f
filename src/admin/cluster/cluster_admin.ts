import { checkOptions, type OptionNames } from "../../core/mod.ts";
import { type AdminOptions, checkAdminOptions } from "../admin_options.ts";
import { EventStream } from "../event_stream.ts";
import { HttpEndpoint, type ListeningEndpoint } from "../http_endpoint.ts";
import { LoopDelay } from "../loop_delay.ts";
import { ClusterEvents } from "./cluster_events.ts";
import { ClusterRoutes } from "./cluster_routes.ts";
import { type AnyClusterEvent, ClusterWatch } from "./cluster_watch.ts";
import type { SupervisedCluster } from "./supervised_cluster.ts";
import { WorkerQuestions } from "./worker_questions.ts";

/** Options of {@link clusterAdmin}: those of `admin` that are about the endpoint itself. */
export type ClusterAdminOptions = Pick<
  AdminOptions,
  "clock" | "config" | "hosts" | "listen" | "metrics" | "onLogLevel" | "token"
>;

const OPTIONS: OptionNames<ClusterAdminOptions> = {
  clock: true,
  config: true,
  hosts: true,
  listen: true,
  metrics: true,
  onLogLevel: true,
  token: true,
};

/** The admin endpoint of a supervisor, created by {@link clusterAdmin}. */
export interface ClusterAdmin extends ListeningEndpoint {
  /** Tells the endpoint what the cluster does: give it to `supervise`, as its observer or from within it. */
  readonly observer: (event: AnyClusterEvent) => void;
  /** Gives the endpoint its cluster, which `supervise` returns. Until then it says that no worker serves. */
  attach(cluster: SupervisedCluster): void;
}

/**
 * Creates the admin endpoint of a supervisor: one view over all its workers, which answer it through {@link workerAdmin}. It
 * has the routes of {@link admin}, whose numbers are sums, and can replace workers and let them drain.
 *
 * A worker that does not answer in time is named as such, and does not hold up the others: it is asked nothing more until it
 * answers again. `config`, `metrics` and `onLogLevel` are about the supervisor itself; without `config`, a worker answers
 * for it.
 *
 * @throws {TypeError | RangeError} an option that makes no sense
 *
 * @example
 * ```ts ignore
 * import { clusterAdmin } from "spillway/admin";
 * import { supervise } from "spillway/cluster";
 *
 * const endpoint = clusterAdmin({ listen: { port: 9090 } });
 * await endpoint.start();
 * const cluster = await supervise({
 *   script: new URL("./worker.js", import.meta.url),
 *   listen: [{ port: 8080 }],
 *   workers: 4,
 *   observer: endpoint.observer,
 * });
 * endpoint.attach(cluster);
 * await cluster.finished;
 * await endpoint.close();
 * ```
 */
export function clusterAdmin(options: ClusterAdminOptions): ClusterAdmin {
  checkOptions(options, OPTIONS);
  const settings = checkAdminOptions(options);
  const { clock } = settings;
  const questions = new WorkerQuestions(clock);
  const watch = new ClusterWatch();
  const stream = new EventStream(clock);
  const events = new ClusterEvents(stream, questions, clock);
  const loopDelay = new LoopDelay(clock);
  const routes = new ClusterRoutes({ settings, questions, watch, stream, loopDelay });
  const observer = (event: AnyClusterEvent) => {
    watch.observe(event);
    events.observe(event);
    routes.observe(event);
  };
  return Object.assign(new HttpEndpoint(settings, routes.all, stream, loopDelay), {
    observer,
    attach: (cluster: SupervisedCluster) => questions.attach(cluster),
  });
}
