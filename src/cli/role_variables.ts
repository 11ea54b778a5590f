import { HANDOVER_VARIABLE, WORKER_VARIABLE } from "../cluster/role_variables.ts";

/** The variable of a process that only says where its service listens: the number of the supervisor's process. */
export const PLAN_VARIABLE = "SPILLWAY_PLAN";

/** The path of the supervisor's hub for `--bus local`. */
export const BUS_HUB_VARIABLE = "SPILLWAY_BUS_HUB";

/** They are no settings. */
export const ROLE_VARIABLES: readonly string[] = [WORKER_VARIABLE, HANDOVER_VARIABLE, PLAN_VARIABLE, BUS_HUB_VARIABLE];

/** Only the supervisor speaks with systemd. */
export const WITHOUT_SYSTEMD = { NOTIFY_SOCKET: undefined, WATCHDOG_USEC: undefined, WATCHDOG_PID: undefined } as const;
