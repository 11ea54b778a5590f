/**
 * Computation outside the event loop that serves: worker threads ({@link pool}), and workers in other processes and on other machines
 * ({@link remote}, {@link nats}, {@link redisStreams}). A pool needs the package `piscina`, and a broker its own,
 * `@nats-io/transport-node` or `@redis/client`: none is installed with this one.
 *
 * @module
 */
export type { Compute, ComputeStats } from "./compute.ts";
export {
  type FleetError,
  type FleetErrorCode,
  isFleetError,
  isPoolError,
  type PoolError,
  type PoolErrorCode,
} from "./errors.ts";
export type { Fleet, FleetEvent, FleetOptions, FleetStats } from "./fleet.ts";
export type { FleetContext, FleetHandler } from "./fleet_context.ts";
export type {
  FleetWorker,
  FleetWorkerEvent,
  FleetWorkerOptions,
  FleetWorkerStats,
  WorkerDrainOptions,
} from "./fleet_worker.ts";
export { type NatsOptions, nats } from "./nats/nats.ts";
export type { NatsServer } from "./nats/nats_server.ts";
export { type NatsWorkerOptions, natsWorker } from "./nats/nats_worker.ts";
export type { Pool, PoolOptions, PoolStats } from "./pool.ts";
export type { RedisServer } from "./redis/redis_link.ts";
export { type RedisStreamsOptions, redisStreams } from "./redis/redis_streams.ts";
export { type RedisWorkerOptions, redisWorker } from "./redis/redis_worker.ts";
export type { MemberState } from "./remote/member.ts";
export { type MemberStats, type RemoteFleet, type RemoteStats, remote } from "./remote/remote.ts";
export type { RemoteOptions } from "./remote/remote_options.ts";
export { type WorkServiceOptions, workService } from "./work_service.ts";
export { pool } from "./worker_pool.ts";
