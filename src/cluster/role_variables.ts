/**
 * The variables that give a process a role in a cluster. This file imports nothing: the command line reads it in every process, and
 * the rest of this room only in processes of a cluster.
 */

/** The variable that makes a process a worker: an `Assignment` as JSON. */
export const WORKER_VARIABLE = "SPILLWAY_WORKER";

/** The variable that makes a process the successor of a supervisor: a `HandoverMessage` as JSON. */
export const HANDOVER_VARIABLE = "SPILLWAY_HANDOVER";
