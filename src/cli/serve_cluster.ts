import { availableParallelism } from "node:os";
import path from "node:path";
import type { Logger } from "@logtape/logtape";
import type { Cluster, SuperviseOptions } from "../cluster/mod.ts";
import { type HeldSocket, type ListenOptions, SpillwayError, type Transport } from "../mod.ts";
import { type BusHub, startBusHub } from "./bus_hub.ts";
import { type ClusterAdminEndpoint, startClusterAdmin } from "./cluster_admin_endpoint.ts";
import { clusterLog } from "./cluster_log.ts";
import { logOf } from "./command_log.ts";
import type { Environment, Signals } from "./environment.ts";
import type { Variables } from "./environment_settings.ts";
import { EXIT_FAILED, firstLine, runFailure, usageFailure } from "./failure.ts";
import { type Given, originText } from "./given.ts";
import { listenFailure } from "./listen_failure.ts";
import { MAIN_MODULE } from "./main_module.ts";
import { watchModule } from "./module_watch.ts";
import { PidFile } from "./pid_file.ts";
import { type PlacePlan, PlanFailed, planPlaces } from "./place_plan.ts";
import { readyLine, sayReady } from "./ready_line.ts";
import { BUS_HUB_VARIABLE, WITHOUT_SYSTEMD } from "./role_variables.ts";
import type { ServeFlags } from "./serve_flags.ts";
import { isModulePath } from "./service_module.ts";
import type { Settings } from "./setting.ts";
import { type SystemdNotifier, systemdNotifier } from "./systemd_notify.ts";

/** The request to `serve` with workers. */
export interface ClusterServing {
  readonly name: string;
  readonly all: Given;
  readonly flags: ServeFlags;
  readonly environment: Environment;
}

/** The time for a service to be loaded, unless a setting says another. */
const READY_TIMEOUT_MS = 30_000;
/** The time that a worker has beyond that of its own drain. */
const EXTRA_DRAIN_MS = 5_000;
const LONGEST_DRAIN_MS = 86_400_000;

/**
 * Serves with several processes, until a signal drains them. This process holds their sockets, and loads no code of the
 * service. Fulfils with the exit code.
 *
 * @throws {Failure} nothing was served
 */
export async function serveCluster(serving: ClusterServing, workers: Settings["workers"]): Promise<number> {
  const { all, environment, flags, name } = serving;
  if (flags.watch === true && !isModulePath(name)) {
    throw usageFailure(`option '--watch' is for service modules, and ${name} never changes`);
  }
  const steering = new Steering(environment.signals);
  const inheritor = await inheritorOf(environment);
  let plan: PlacePlan | undefined;
  try {
    const { readyTimeoutMs = READY_TIMEOUT_MS } = all.settings;
    const bounds = { timeoutMs: readyTimeoutMs, signal: steering.ended };
    plan = await planPlaces({ ...environment, pid: inheritor ?? environment.pid }, bounds);
  } catch (error) {
    if (error instanceof PlanFailed) return error.exitCode;
    throw error;
  }
  // A signal has ended it.
  if (plan === undefined) return 0;
  const log = logOf(all.settings, environment);
  const logger = log();
  const endpoint = await startClusterAdmin(all, {
    cwd: environment.cwd,
    logger,
    onLogLevel: (level) => log.setLevel(level),
    isSuccessor: inheritor !== undefined,
  });
  try {
    return await superviseWorkers(serving, workers ?? plan.workers ?? 1, {
      endpoint,
      inheritor,
      logger,
      plan,
      steering,
    });
  } finally {
    await endpoint?.close();
  }
}

/** The preparations for the start of a cluster. */
interface Preparations {
  /** The first supervisor, to which systemd has given its sockets, if this one replaces another. */
  readonly inheritor: number | undefined;
  readonly plan: PlacePlan;
  readonly logger: Logger;
  readonly steering: Steering;
  readonly endpoint: ClusterAdminEndpoint | undefined;
}

async function superviseWorkers(
  serving: ClusterServing,
  wanted: number | "auto",
  preparations: Preparations,
): Promise<number> {
  const { all, environment, flags, name } = serving;
  const { endpoint, inheritor, logger, plan, steering } = preparations;
  const { graceMs = Infinity, pidFile } = all.settings;
  const pid = pidFile === undefined ? undefined : new PidFile(pidFile, environment.cwd, environment.pid);
  pid?.check();
  const count = countOf(wanted);
  // systemd has started another process, if this one takes over.
  const variables = inheritor === undefined ? environment.variables : withoutWatchdogPid(environment);
  const systemd = systemdNotifier(variables, environment.pid, (message) =>
    logger.warning(message, { event: "systemd" }),
  );
  const hub = asksForHub(all.settings) ? await startBusHub(environment.transport) : undefined;
  let endWatch: (() => void) | undefined;
  try {
    const cluster = await start(serving, count, { ...preparations, hub, onReady: () => pid?.write() });
    endpoint?.attach(cluster);
    steering.steer(cluster, {
      drain() {
        systemd.stopping();
        void cluster.shutdown(graceMs === Infinity ? {} : { graceMs });
      },
      upgrade: () => void upgrade(cluster, systemd, endpoint),
    });
    if (flags.watch === true) endWatch = watchModule(path.resolve(environment.cwd, name), () => void cluster.reload());
    await ready(cluster, () => {
      endpoint?.takePlace();
      sayListening(cluster, plan, count, { environment, logger });
      systemd.ready();
    });
    const { failed, gaveUp } = await cluster.finished;
    pid?.remove();
    return gaveUp ?? (failed > 0 ? EXIT_FAILED : 0);
  } finally {
    endWatch?.();
    await systemd.close();
    await hub?.close();
  }
}

/** Waits for the first workers. A cluster of which none became ready ends by itself, and its workers have said why. */
async function ready(cluster: Cluster, onReady: () => void): Promise<void> {
  try {
    await cluster.ready;
    onReady();
  } catch (error) {
    if (!cluster.isServing) return;
    await cluster.shutdown();
    throw error;
  }
}

/** Returns the first supervisor, if this process is to replace another. @throws {Failure} it cannot take over */
async function inheritorOf({ host }: Environment): Promise<number | undefined> {
  const cluster = await import("../cluster/mod.ts");
  try {
    return cluster.inheritorOf(host);
  } catch (cause) {
    throw runFailure(firstLine(cause), { cause });
  }
}

async function start(
  { all, environment }: ClusterServing,
  workers: number,
  {
    endpoint,
    hub,
    logger,
    onReady,
    plan,
  }: Preparations & { readonly hub: BusHub | undefined; readonly onReady: () => void },
): Promise<Cluster> {
  const { heldTarget, supervise } = await import("../cluster/mod.ts");
  const { balance, graceMs, readyTimeoutMs, workerTimeoutMs } = all.settings;
  const said = clusterLog(logger);
  const options: SuperviseOptions = {
    script: MAIN_MODULE,
    args: environment.args,
    cwd: environment.cwd,
    env: { ...environment.variables, ...WITHOUT_SYSTEMD, [BUS_HUB_VARIABLE]: hub?.path },
    listen: plan.listen.map(heldTarget),
    workers,
    drainTimeoutMs: Math.min(LONGEST_DRAIN_MS, (plan.drainTimeoutMs ?? LONGEST_DRAIN_MS) + EXTRA_DRAIN_MS),
    observer: (event) => {
      said(event);
      endpoint?.observer(event);
    },
    ...(balance !== undefined && { balance }),
    onReady,
    // `off` is no grace.
    ...(graceMs !== undefined && { graceMs: graceMs === Infinity ? 0 : graceMs }),
    ...(readyTimeoutMs !== undefined && { readyTimeoutMs }),
    ...(workerTimeoutMs !== undefined && { silenceTimeoutMs: workerTimeoutMs }),
  };
  let failed: ListenOptions | undefined;
  const transport: Transport = {
    ...environment.transport,
    hold: async (place) => {
      failed = place;
      const held = (await environment.transport.hold?.(place)) as HeldSocket;
      failed = undefined;
      return held;
    },
  };
  try {
    return await supervise({ ...options, transport });
  } catch (cause) {
    if (cause instanceof SpillwayError && failed !== undefined && cause.code !== "runtime-unsupported") {
      throw listenFailure(failed, all, cause);
    }
    if (cause instanceof SpillwayError && cause.code === "runtime-unsupported" && balance === "kernel") {
      throw usageFailure(`${originText("balance", all)} cannot be kernel: ${firstLine(cause)}`, { cause });
    }
    throw runFailure(firstLine(cause), { cause });
  }
}

/** Signals drain the workers, replace them, or replace this process; before there are any, they end it, or have no effect. */
class Steering {
  readonly #early = new AbortController();
  #cluster: Cluster | undefined;
  #actions: { drain(): void; upgrade(): void } | undefined;

  constructor(signals: Signals) {
    for (const signal of ["SIGINT", "SIGTERM", "SIGQUIT"] as const) {
      signals.on(signal, () => {
        if (this.#actions === undefined) this.#early.abort();
        else this.#actions.drain();
      });
    }
    signals.on("SIGHUP", () => void this.#cluster?.reload());
    signals.on("SIGUSR2", () => this.#actions?.upgrade());
  }

  /** Aborted by a signal that came before there was a cluster. */
  get ended(): AbortSignal {
    return this.#early.signal;
  }

  steer(cluster: Cluster, actions: { drain(): void; upgrade(): void }): void {
    this.#cluster = cluster;
    this.#actions = actions;
    if (this.ended.aborted) actions.drain();
  }
}

async function upgrade(
  cluster: Cluster,
  systemd: SystemdNotifier,
  endpoint: ClusterAdminEndpoint | undefined,
): Promise<void> {
  const why = await cluster.upgrade();
  if (why !== undefined) return;
  // systemd listens to the successor now, which waits for the place of the endpoint.
  await systemd.close();
  await endpoint?.close();
}

function sayListening(
  { addresses }: Cluster,
  { speaksTls }: PlacePlan,
  workers: number,
  { environment: { stdio, transport }, logger }: { readonly environment: Environment; readonly logger: Logger },
): void {
  const name = `${transport.name}, ${workers} ${workers === 1 ? "worker" : "workers"}`;
  sayReady(
    stdio,
    readyLine(addresses, (index) => speaksTls[index] === true, name),
    logger,
  );
}

/** `--bus local` without a path is a hub of the supervisor. */
function asksForHub({ bus }: Settings): boolean {
  return bus?.kind === "local" && bus.place === "";
}

function countOf(workers: number | "auto"): number {
  return workers === "auto" ? availableParallelism() : workers;
}

function withoutWatchdogPid({ variables }: Environment): Variables {
  return { ...variables, WATCHDOG_PID: undefined };
}
