/** The acts of a storm on a cluster. */
export const CLUSTER_ACTS = [
  /** SIGKILL to a worker. */
  "kill",
  /** SIGSTOP to a worker, until it is replaced. */
  "stop",
  /** SIGSTOP to a worker, and SIGCONT before anybody loses patience: nothing may be lost. */
  "pause",
  /** A request that makes a worker spin. */
  "spin",
  /** SIGHUP to the supervisor. */
  "restart",
  /** SIGHUP, and again before the first restart is over. */
  "restart twice",
  /** `spillway reload`. */
  "reload",
  /** SIGUSR2 to the supervisor. */
  "upgrade",
] as const;

export type ClusterAct = (typeof CLUSTER_ACTS)[number];
