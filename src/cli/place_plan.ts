/** How a supervisor learns where a service listens: a process of its own loads the service, and says it. */
import { spawn } from "node:child_process";
import { HANDOVER_VARIABLE } from "../cluster/role_variables.ts";
import type { ListenOptions } from "../mod.ts";
import { checkingEnvironment } from "./checking_environment.ts";
import type { Environment, Listening } from "./environment.ts";
import { EXIT_FAILED, Failure, runFailure } from "./failure.ts";
import { MAIN_MODULE } from "./main_module.ts";
import { durationText } from "./option_values.ts";
import { PLAN_VARIABLE, WITHOUT_SYSTEMD } from "./role_variables.ts";

/** Where a service listens, and what else its supervisor needs to know. */
export interface PlacePlan {
  readonly listen: readonly ListenOptions[];
  /** Which of the places speak TLS. */
  readonly speaksTls: readonly boolean[];
  /** `null` stands for no limit. */
  readonly drainTimeoutMs: number | null;
  readonly workers?: number | "auto";
}

/** How the process says it: the channel is also that of the service, which may say to its parent what it likes. */
interface PlanMessage {
  readonly spillwayPlan: PlacePlan;
}

/** Bounds of {@link planPlaces}. */
export interface PlanBounds {
  /** The time to load the service. */
  readonly timeoutMs: number;
  /** Ends it: the service shall not be served any more. */
  readonly signal: AbortSignal;
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
 * Fulfils when that process has ended, so that it holds nothing that a worker needs; with `undefined` after the signal.
 *
 * @throws {PlanFailed} the service cannot be served: that process has said why
 * @throws {Failure} the process cannot be started, ends without a word, or takes too long
 */
export async function planPlaces(
  { args, cwd, pid, variables }: Environment,
  { signal, timeoutMs }: PlanBounds,
): Promise<PlacePlan | undefined> {
  const { programCommand } = await import("../cluster/mod.ts");
  const [file, ...first] = programCommand(MAIN_MODULE);
  return new Promise((resolve, reject) => {
    const child = spawn(file, [...first, ...args], {
      cwd,
      env: { ...variables, [PLAN_VARIABLE]: `${pid}`, [HANDOVER_VARIABLE]: undefined, ...WITHOUT_SYSTEMD },
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    });
    let plan: PlacePlan | undefined;
    let isLate = false;
    const kill = () => child.kill("SIGKILL");
    const timer = setTimeout(() => {
      isLate = true;
      kill();
    }, timeoutMs);
    signal.addEventListener("abort", kill);
    child.on("message", (said) => {
      const message = (said ?? {}) as Partial<PlanMessage>;
      if (message.spillwayPlan === undefined) return;
      plan = message.spillwayPlan;
      // It waits for that, and ends.
      child.disconnect();
    });
    child.on("error", ({ message }) => {
      if (child.pid === undefined) reject(runFailure(`cannot start a process: ${message}`));
    });
    child.on("exit", (code, endedBy) => {
      clearTimeout(timer);
      signal.removeEventListener("abort", kill);
      if (signal.aborted) resolve(undefined);
      else if (plan !== undefined) resolve(plan);
      else if (isLate)
        reject(
          runFailure(`the service is not loaded after ${durationText(timeoutMs)}: give it more with --ready-timeout`),
        );
      else reject(planFailure(code, endedBy));
    });
  });
}

function planFailure(code: number | null, endedBy: string | null): Error {
  if (code !== null && code !== 0) return new PlanFailed(code);
  return new Failure(
    EXIT_FAILED,
    code === 0
      ? "the service ended the process that was loading it"
      : `a process that loads the service was ended by ${endedBy}`,
  );
}

/** Returns the environment of a process that only says where it would listen, instead of `supervisor`. */
export function planningEnvironment(environment: Environment, supervisor: number): Environment {
  const { host } = environment;
  const listen: ListenOptions[] = [];
  // The supervisor knows enough, or has ended.
  host.on("disconnect", () => host.exit?.(0));
  const say = ({ addresses, drainTimeoutMs, speaksTls, workers }: Listening) => {
    const plan: PlacePlan = {
      listen,
      speaksTls: addresses.map((_, index) => speaksTls(index)),
      drainTimeoutMs: Number.isFinite(drainTimeoutMs) ? drainTimeoutMs : null,
      ...(workers !== undefined && { workers }),
    };
    const message: PlanMessage = { spillwayPlan: plan };
    (host.send as (message: unknown, ...others: unknown[]) => unknown)(message, undefined, {}, () => undefined);
  };
  // The sockets of systemd are for the supervisor.
  return { ...checkingEnvironment(environment, say, (options) => listen.push(options)), pid: supervisor };
}
