/**
 * Several processes that serve on the same sockets: a supervisor binds them and keeps its workers running, see
 * {@link supervise}; each worker accepts from them, see {@link serveWorker}.
 *
 * @module
 */
export type { ClusterEvent, ClusterObserver, ReloadResult, WorkerInfo } from "./cluster_event.ts";
export { inheritorOf } from "./handover.ts";
export type { Balance } from "./held_places.ts";
export { type HeldDescriptor, type HeldPath, type HeldPort, type HeldTarget, heldTarget } from "./held_target.ts";
export type { AssignedSocket, Assignment, Envelope, FromWorker, ToWorker } from "./messages.ts";
export { programCommand } from "./program.ts";
export { type ServeWorkerOptions, serveWorker } from "./serve_worker.ts";
export { shareLimits } from "./share_limits.ts";
export { type Cluster, supervise } from "./supervise.ts";
export type { SuperviseOptions } from "./supervise_options.ts";
export type { ClusterResult } from "./supervisor.ts";
export type { Exit, WorkerState } from "./worker.ts";
export type { WorkerHost } from "./worker_host.ts";
export { type Answering, isWorker, type SteeredServer, WorkerLink } from "./worker_link.ts";
