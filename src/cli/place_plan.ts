/** How a supervisor learns where a service listens: a process of its own loads the service, and says it. */
import { spawn } from "node:child_process";
import type { ListenOptions } from "../mod.ts";
import { checkingEnvironment } from "./checking_environment.ts";
import type { Environment, Listening } from "./environment.ts";
import { EXIT_FAILED, Failure, runFailure } from "./failure.ts";
import { MAIN_MODULE } from "./main_module.ts";
import { HANDOVER_VARIABLE, PLAN_VARIABLE } from "./role_variables.ts";

/** Where a service listens, and what else its supervisor needs to know. */
export interface PlacePlan {
  readonly listen: readonly ListenOptions[];
  /** Which of the places speak TLS. */
  readonly speaksTls: readonly boolean[];
  /** `null` stands for no limit. */
  readonly drainTimeoutMs: number | null;
  readonly workers?: number | "auto";
}

/** The process has said why there is no plan. */
export class PlanFailed extends Error {
  readonly exitCode: number;

  constructor(exitCode: number) {
    super(`the service cannot be served; exit code ${exitCode}`);
    this.exitCode = exitCode;
  }
}

/**
 * Starts a process that loads the service and checks all settings, so that the supervisor never runs the service's code.
 *
 * @throws {PlanFailed} the service cannot be served: that process has said why
 * @throws {Failure} the process cannot be started
 */
export async function planPlaces({ args, cwd, pid, variables }: Environment): Promise<PlacePlan> {
  const { programCommand } = await import("../cluster/mod.ts");
  const [file, ...first] = programCommand(MAIN_MODULE);
  return new Promise((resolve, reject) => {
    const child = spawn(file, [...first, ...args], {
      cwd,
      env: { ...variables, [PLAN_VARIABLE]: `${pid}`, [HANDOVER_VARIABLE]: undefined, NOTIFY_SOCKET: undefined },
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    });
    child.on("message", (plan) => resolve(plan as PlacePlan));
    child.on("error", ({ message }) => reject(runFailure(`cannot start a process: ${message}`)));
    child.on("exit", (code, signal) => {
      if (signal !== null) reject(new Failure(EXIT_FAILED, `a process that loads the service was ended by ${signal}`));
      else reject(new PlanFailed(code === null || code === 0 ? EXIT_FAILED : code));
    });
  });
}

/** Returns the environment of a process that only says where it would listen, instead of `supervisor`. */
export function planningEnvironment(environment: Environment, supervisor: number): Environment {
  const { host } = environment;
  const listen: ListenOptions[] = [];
  const say = ({ addresses, drainTimeoutMs, speaksTls, workers }: Listening) => {
    const plan: PlacePlan = {
      listen,
      speaksTls: addresses.map((_, index) => speaksTls(index)),
      drainTimeoutMs: Number.isFinite(drainTimeoutMs) ? drainTimeoutMs : null,
      ...(workers !== undefined && { workers }),
    };
    (host.send as (message: unknown, ...others: unknown[]) => unknown)(plan, undefined, {}, () => host.disconnect?.());
  };
  // The sockets of systemd are for the supervisor.
  return { ...checkingEnvironment(environment, say, (options) => listen.push(options)), pid: supervisor };
}
