/** The variables that give a process a role in a cluster: those of `spillway/cluster`, which is loaded only then. */
export const WORKER_VARIABLE = "SPILLWAY_WORKER";
export const HANDOVER_VARIABLE = "SPILLWAY_HANDOVER";
export const PLAN_VARIABLE = "SPILLWAY_PLAN";

/** The path of the supervisor's hub for `--bus local`. */
export const BUS_HUB_VARIABLE = "SPILLWAY_BUS_HUB";

/** They are no settings. */
export const ROLE_VARIABLES: readonly string[] = [WORKER_VARIABLE, HANDOVER_VARIABLE, PLAN_VARIABLE, BUS_HUB_VARIABLE];

/** Only the supervisor speaks with systemd. */
export const WITHOUT_SYSTEMD = { NOTIFY_SOCKET: undefined, WATCHDOG_USEC: undefined, WATCHDOG_PID: undefined } as const;
