/**
 * An HTTP endpoint for those who run a server: {@link admin} shows health, numbers, connections and events, closes
 * connections and drains the server, and has a dashboard. {@link adminTarget} reads where it listens from text.
 *
 * @module
 */
export { type Admin, admin } from "./admin.ts";
export type { AdminOptions, MetricsText, StatsSource } from "./admin_options.ts";
export { type AdminPathTarget, type AdminTarget, type AdminTcpTarget, adminTarget } from "./admin_target.ts";
export type { DescribeSession } from "./connection_record.ts";
export type { AdminErrorCode } from "./errors.ts";
export { LOG_LEVELS, type LogLevel } from "./log_level.ts";
