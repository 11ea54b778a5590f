/** The carrier of lines between servers: the hub of a supervisor, or a broker. */
export type BusKind = "local" | "redis" | "nats";

/** An act of a storm on a bus. */
export type BusAct =
  /** The broker is killed, and started again after a while. */
  | "broker killed"
  /** SIGSTOP to the broker for a while. */
  | "broker held"
  /** SIGKILL to a server; another one is started. */
  | "server killed"
  /** SIGSTOP to a worker, until its supervisor replaces it. */
  | "worker stopped"
  /** SIGSTOP to a server, and SIGCONT: it keeps its members. */
  | "server held"
  /** A rolling restart of the workers. */
  | "restart"
  /** A member reads nothing, while more is said than may wait for it. */
  | "slow member";

/** The hub of a supervisor lives as long as it does. */
export const BUS_ACTS: Readonly<Record<BusKind, readonly BusAct[]>> = {
  local: ["server killed", "worker stopped", "server held", "restart", "slow member"],
  redis: ["broker killed", "broker held", "server killed", "server held", "slow member"],
  nats: ["broker killed", "broker held", "server killed", "server held", "slow member"],
};
