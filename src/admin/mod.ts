/**
 * An HTTP endpoint for those who run a server: {@link admin} shows health, numbers, connections and events, closes
 * connections and drains the server, and has a dashboard. {@link clusterAdmin} does so for the workers of a supervisor, which
 * answer it through {@link workerAdmin}. {@link adminTarget} reads where it listens from text.
 *
 * @module
 */
export { type Admin, admin } from "./admin.ts";
export type { AdminOptions, MetricsText, StatsSource } from "./admin_options.ts";
export { type AdminPathTarget, type AdminTarget, type AdminTcpTarget, adminTarget } from "./admin_target.ts";
export { type ClusterAdmin, type ClusterAdminOptions, clusterAdmin } from "./cluster/cluster_admin.ts";
export type { AnyClusterEvent } from "./cluster/cluster_watch.ts";
export type { SupervisedCluster, SupervisedWorker } from "./cluster/supervised_cluster.ts";
export { type WorkerAdmin, type WorkerAdminOptions, workerAdmin } from "./cluster/worker_admin.ts";
export type { DescribeSession } from "./connection_record.ts";
export type { AdminErrorCode } from "./errors.ts";
export type { ListeningEndpoint } from "./http_endpoint.ts";
export { LOG_LEVELS, type LogLevel } from "./log_level.ts";
