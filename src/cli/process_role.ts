import { WORKER_VARIABLE } from "../cluster/role_variables.ts";
import type { Environment } from "./environment.ts";
import { PLAN_VARIABLE } from "./role_variables.ts";

/**
 * Returns the environment of a process in its role: a worker joins its supervisor, and a process that only says where it
 * would listen gets a transport that listens nowhere. The variables are removed: processes that a service starts have no role.
 *
 * @throws {SpillwayError} `listen-failed`: the supervisor has ended
 */
export async function inItsRole(environment: Environment): Promise<Environment> {
  const { host, onListening } = environment;
  if (onListening !== undefined) return environment;
  if (has(WORKER_VARIABLE, environment))
    return (await import("./worker_environment.ts")).workerEnvironment(environment);
  if (!has(PLAN_VARIABLE, environment)) return environment;
  const supervisor = Number(host.env[PLAN_VARIABLE]);
  delete host.env[PLAN_VARIABLE];
  return (await import("./place_plan.ts")).planningEnvironment(environment, supervisor);
}

function has(name: string, { host }: Environment): boolean {
  return (host.env[name] ?? "") !== "";
}
