/** How a supervisor learns where a service listens: a process of its own loads the service, and says it. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import process from "node:process";
import { clearTimeout, setTimeout } from "node:timers";
import type { ListenOptions } from "../mod.ts";
import { checkingEnvironment } from "./checking_environment.ts";
import type { Environment, Listening } from "./environment.ts";
import { EXIT_FAILED, runFailure } from "./failure.ts";
import { MAIN_MODULE } from "./main_module.ts";
import { durationText } from "./option_values.ts";
import { HANDOVER_VARIABLE, PLAN_VARIABLE, WITHOUT_SYSTEMD } from "./role_variables.ts";

/** The time to load a service, unless a setting says another. */
const DEFAULT_READY_MS = 30_000;

/** Where a service listens, and what else its supervisor needs to know. */
export interface PlacePlan {
  readonly listen: readonly ListenOptions[];
  /** Which of the places speak TLS. */
  readonly speaksTls: readonly boolean[];
  /** `null` stands for no limit. */
  readonly drainTimeoutMs: number | null;
  readonly workers?: number | "auto";
}

/** How a process has ended: its exit code, or a signal. */
type Exit = [code: number | null, signal: string | null];

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
export async function planPlaces(
  { args, cwd, pid, variables }: Environment,
  timeoutMs: number = DEFAULT_READY_MS,
): Promise<PlacePlan> {
  const { programCommand } = await import("../cluster/mod.ts");
  const [file, ...first] = programCommand(MAIN_MODULE);
  return new Promise((resolve, reject) => {
    const child = spawn(file, [...first, ...args], {
      cwd,
      env: { ...variables, [PLAN_VARIABLE]: `${pid}`, [HANDOVER_VARIABLE]: undefined, ...WITHOUT_SYSTEMD },
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    });
    const timer = setTimeout(() => {
      reject(
        runFailure(`the service is not loaded after ${durationText(timeoutMs)}: give it more with --ready-timeout`),
      );
      if (child.pid !== undefined) process.kill(child.pid, "SIGKILL");
    }, timeoutMs);
    child.on("message", (plan) => {
      clearTimeout(timer);
      resolve(plan as PlacePlan);
    });
    child.on("error", ({ message }) => {
      clearTimeout(timer);
      reject(runFailure(`cannot start a process: ${message}`));
    });
    // A message may be read after the exit, but comes before the end of the channel.
    const ended = Promise.all([once(child, "exit"), once(child, "disconnect")]) as Promise<[Exit, unknown]>;
    void ended.then(([[code, signal]]) => {
      clearTimeout(timer);
      if (signal !== null) reject(runFailure(`a process that loads the service was ended by ${signal}`));
      else reject(new PlanFailed(code === null || code === 0 ? EXIT_FAILED : code));
    });
  });
}

/** Returns the environment of a process that only says where it would listen, instead of `supervisor`. */
export function planningEnvironment(environment: Environment, supervisor: number): Environment {
  const { host } = environment;
  const listen: ListenOptions[] = [];
  let said = false;
  // Nobody waits for it any more.
  host.on("disconnect", () => {
    if (!said) process.exit(EXIT_FAILED);
  });
  const say = ({ addresses, drainTimeoutMs, speaksTls, workers }: Listening) => {
    const plan: PlacePlan = {
      listen,
      speaksTls: addresses.map((_, index) => speaksTls(index)),
      drainTimeoutMs: Number.isFinite(drainTimeoutMs) ? drainTimeoutMs : null,
      ...(workers !== undefined && { workers }),
    };
    said = true;
    (host.send as (message: unknown, ...others: unknown[]) => unknown)(plan, undefined, {}, () => host.disconnect?.());
  };
  // The sockets of systemd are for the supervisor.
  return { ...checkingEnvironment(environment, say, (options) => listen.push(options)), pid: supervisor };
}
