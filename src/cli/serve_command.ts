import type { Logger } from "@logtape/logtape";
import { addressText, type DrainSignal, drainOnSignals, resolveLimits, type Server, serve } from "../core/mod.ts";
import { type ListenOptions, type Observer, type ServerEvent, SpillwayError, type Transport } from "../mod.ts";
import { startAccessLog } from "./access_log_output.ts";
import { type AdminEndpoint, type AdminParts, startAdmin } from "./admin_endpoint.ts";
import { type Log, logOf } from "./command_log.ts";
import { type Environment, isAlone, type Listening } from "./environment.ts";
import { type LoadedSteps, loadSteps } from "./establish_steps.ts";
import { EXIT_FAILED, Failure, firstLine, runFailure, usageFailure, withStack } from "./failure.ts";
import { type Given, originText } from "./given.ts";
import { listenFailure, placeFailure } from "./listen_failure.ts";
import { type Places, resolvePlaces, withSteps } from "./listen_targets.ts";
import { loadBus } from "./load_bus.ts";
import { logObserver, observerErrorLog } from "./log_observer.ts";
import { PidFile } from "./pid_file.ts";
import { configText } from "./print_config.ts";
import { inItsRole } from "./process_role.ts";
import { readSettings } from "./read_settings.ts";
import { placeText, readyLine, sayReady } from "./ready_line.ts";
import type { ClusterServing } from "./serve_cluster.ts";
import type { ServeFlags } from "./serve_flags.ts";
import { type CliServeOptions, serveOptions } from "./serve_options.ts";
import { chooseService } from "./service.ts";
import type { ServiceOptions } from "./service_module.ts";
import type { SettingName, Settings } from "./setting.ts";
import { startCompute } from "./start_compute.ts";
import { systemdNotifier } from "./systemd_notify.ts";
import { UncaughtErrors } from "./uncaught.ts";

/** The signals that drain a process. */
export const DRAIN_SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"] as const;

/** Returns the service that is served in place of another: one that gives the frames of other servers to its handler. */
export type ServiceInstead = (service: ServiceOptions, given: Given) => ServiceOptions;

/** Runs `spillway serve`; fulfils with the exit code when the server has drained. @throws {Failure} nothing was served */
export async function runServe(
  name: string,
  flags: ServeFlags,
  given: Environment,
  instead?: ServiceInstead,
): Promise<number> {
  const environment = await inItsRole(given);
  const all = await readSettings(flags, environment);
  const cluster = { name, all, flags, environment };
  if (asksForWorkers(all.settings.workers, flags, environment)) return serveCluster(cluster, all.settings.workers);
  const log = logOf(all.settings, environment);
  const uncaught = new UncaughtErrors(environment.uncaught, log);
  const failed = new Promise<number>((resolve) => {
    uncaught.onFirst = () => resolve(EXIT_FAILED);
  });
  try {
    // Before the server listens, there is nothing to drain.
    return await Promise.race([
      failed,
      serveService({
        name,
        all,
        flags,
        environment,
        log,
        uncaught,
        instead,
        place: ({ address }) => addressText(address),
      }),
    ]);
  } catch (error) {
    throw all.settings.logLevel === "debug" ? withStack(error) : error;
  } finally {
    uncaught.end();
  }
}

function asksForWorkers(workers: Settings["workers"], flags: ServeFlags, environment: Environment): boolean {
  return isAlone(environment) && (workers !== undefined || flags.watch === true) && flags.printConfig !== true;
}

/** Defaults, as `--print-config` prints them, ask for nothing. */
const WITHOUT_WORKERS = { balance: "shared", readyTimeoutMs: 30_000, workerTimeoutMs: 10_000 } as const;

function checkWithoutWorkers(all: Given): void {
  const names = Object.keys(WITHOUT_WORKERS) as (keyof typeof WITHOUT_WORKERS)[];
  const given = names.find((name) => (all.settings[name] ?? WITHOUT_WORKERS[name]) !== WITHOUT_WORKERS[name]);
  if (given !== undefined) throw usageFailure(`${originText(given, all)} has no effect without --workers or --watch`);
}

async function serveCluster(options: ClusterServing, workers: Settings["workers"]): Promise<number> {
  return (await import("./serve_cluster.ts")).serveCluster(options, workers);
}

interface Serving {
  readonly name: string;
  readonly all: Given;
  readonly flags: ServeFlags;
  readonly environment: Environment;
  readonly log: Log;
  readonly uncaught: UncaughtErrors;
  readonly instead: ServiceInstead | undefined;
  /** Names a place where the server listens. Known before it listens, and after the observers. */
  place: (event: Extract<ServerEvent, { type: "listening" }>) => string;
  /** The number of workers, if the service says one. Known when the service is loaded. */
  workers?: ServiceOptions["workers"];
}

async function serveService(serving: Serving): Promise<number> {
  const { name, all, flags, environment, log } = serving;
  const { stdio, cwd } = environment;
  const { instead = unchanged } = serving;
  const service = instead(await chooseService(name, all, cwd), all);
  if (asksForWorkers(service.workers, flags, environment)) return serveCluster(serving, service.workers);
  if (isAlone(environment)) checkWithoutWorkers(all);
  // Created only now: a service may configure LogTape when it is loaded, and this replaces that configuration.
  const logger = log();
  const events = logObserver(logger, { place: (event) => serving.place(event) });
  const whole = serveOptions(
    service,
    serving.instead === undefined ? all.settings : withoutHandlerLimits(all.settings),
    stdio.terminal || environment.link !== undefined ? listeningIsSaid(events) : events,
    observerErrorLog(logger),
  );
  const options = shared(whole, environment);
  if (flags.printConfig === true) {
    await stdio.out(checked(name, () => configText({ name, service, given: all, options })));
    return 0;
  }
  const steps = await loadSteps(all, cwd);
  const endpoint = await adminOf(serving, {
    cwd,
    logger,
    admission: steps.admission,
    config: () => JSON.parse(configText({ name, service, given: all, options: whole })) as object,
    onLogLevel: (level) => log.setLevel(level),
  });
  serving.workers = service.workers;
  try {
    const accessLog = await startAccessLog(all, { cwd, stdio, logger });
    try {
      const logged = accessLog === undefined ? options : observedBy([accessLog.observer], options);
      return await serveObserved(serving, endpoint === undefined ? logged : administered(endpoint, logged), steps);
    } finally {
      await accessLog?.close();
    }
  } finally {
    await endpoint?.close();
  }
}

/** The endpoint of a process that serves by itself, or a worker's part of that of its supervisor. */
async function adminOf({ all, environment }: Serving, parts: AdminParts): Promise<AdminEndpoint | undefined> {
  const { link } = environment;
  if (isAlone(environment)) return startAdmin(all, parts);
  if (link === undefined) return undefined;
  const { joinAdmin } = await import("./worker_admin_part.ts");
  const { workers } = link.assignment;
  return joinAdmin(all, link, { ...parts, config: () => ({ ...(parts.config() as object), workers }) });
}

/** A worker has its part of the limits of the whole server. */
function shared(options: CliServeOptions, { link }: Environment): CliServeOptions {
  return link === undefined ? options : { ...options, ...link.share(options) };
}

/** Returns the options with the observers of the admin endpoint, and the middleware that times handlers for it. */
function administered({ middleware, observers }: AdminEndpoint, options: CliServeOptions): CliServeOptions {
  return { ...observedBy(observers, options), middleware: [middleware, ...(options.middleware ?? [])] };
}

/** Returns the options with further observers. */
function observedBy(observers: readonly Observer[], options: CliServeOptions): CliServeOptions {
  const observer: Observer = (event) => {
    // The log first, whatever the others do.
    options.observer(event);
    for (const one of observers) one(event);
  };
  return { ...options, observer };
}

async function serveObserved(serving: Serving, options: CliServeOptions, steps: LoadedSteps): Promise<number> {
  const { name, all, environment, log } = serving;
  const { instead = unchanged } = serving;
  const bus = await loadBus(options.bus, all, environment);
  const places = establishing(serving, bus === undefined ? options : { ...options, bus }, steps);
  serving.place = ({ address, server }) => {
    const index = server.addresses.indexOf(address);
    return placeText(address, places.speaksTls(index), true);
  };
  const compute = await startCompute(name, all, environment.cwd, log());
  if (compute === undefined) return serveUntilDrained(serving, places);
  try {
    const { handler } = instead({ ...options, handler: compute.handler }, all);
    return await serveUntilDrained(serving, { ...places, options: { ...places.options, handler } });
  } finally {
    await compute.close();
  }
}

/** The limits of a handler are those of the service that has it. */
function withoutHandlerLimits(settings: Settings): Settings {
  const { concurrency: _concurrency, handlerTimeoutMs: _handlerTimeoutMs, ...others } = settings;
  return others;
}

function unchanged(service: ServiceOptions): ServiceOptions {
  return service;
}

/** At a terminal, and in a worker, the ready line already says where the server listens. */
function listeningIsSaid(log: Observer): Observer {
  return (event) => {
    if (event.type !== "listening") log(event);
  };
}

/** Runs `work`. An invalid limit of a service is reported as a fault of its author. */
function checked<T>(name: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw usageFailure(`${name}: ${firstLine(error)}`, { cause: error });
  }
}

type Established = Places & Pick<LoadedSteps, "watch">;

/** Resolves where to listen, and puts the steps of the settings before those of the service. */
function establishing(
  { all, environment }: Serving,
  options: CliServeOptions,
  { steps, watch }: LoadedSteps,
): Established {
  const places = resolvePlaces(options, all, environment);
  return { ...places, options: withSteps(places, steps), watch };
}

async function serveUntilDrained(serving: Serving, { options, speaksTls, watch }: Established): Promise<number> {
  const { all, environment, log, uncaught } = serving;
  const { link, transport, variables, pid } = environment;
  const systemd = systemdNotifier(variables, pid, (message) => log().warning(message, { event: "systemd" }));
  let stopping = false;
  let drained = false;
  const observer: Observer = (event) => {
    if (!stopping && (event.type === "accepting-stopped" || event.type === "draining")) {
      stopping = true;
      systemd.stopping();
      link?.draining();
    }
    if (event.type === "drained") drained = true;
    options.observer(event);
  };
  const pidFile = pidFileOf(serving);
  pidFile?.check();
  const server = await listen(serving, transport, { ...options, observer });
  const { graceMs = Infinity } = all.settings;
  let draining = false;
  const ignoreSignals = drainOnSignals(server, environment.signals, {
    signals: DRAIN_SIGNALS,
    shutdown: graceMs === Infinity ? {} : { graceMs },
    onSignal: (signal) => {
      // Nothing remains to be aborted, though the process has not ended yet.
      if (drained) return;
      logSignal(log(), signal, draining);
      draining = true;
    },
  });
  uncaught.onFirst = () => {
    if (draining) return;
    draining = true;
    log().error("draining because of an uncaught error", { event: "uncaught-drain" });
    void server.shutdown();
  };
  const endWatch = watch(log());
  try {
    // The first error may have come while the service was loaded, or while the server began to listen.
    if (uncaught.count > 0) uncaught.onFirst();
    else {
      pidFile?.write();
      sayListening(serving, {
        addresses: server.addresses,
        speaksTls,
        drainTimeoutMs: drainTimeoutOf(options),
        workers: serving.workers,
      });
      systemd.ready();
    }
    link?.serving(server);
    const { aborted } = await server.finished;
    return aborted + uncaught.count > 0 ? EXIT_FAILED : 0;
  } catch (error) {
    await server.shutdown().catch(() => undefined);
    if (error instanceof Failure) throw error;
    // Accepting failed permanently; the observer has logged that.
    return EXIT_FAILED;
  } finally {
    pidFile?.remove();
    endWatch();
    await systemd.close();
    ignoreSignals();
  }
}

/** With workers, it is that of the supervisor. */
function pidFileOf({ all, environment }: Serving): PidFile | undefined {
  const { pidFile } = all.settings;
  if (pidFile === undefined || !isAlone(environment)) return undefined;
  return new PidFile(pidFile, environment.cwd, environment.pid);
}

function sayListening({ environment, log }: Serving, listening: Listening): void {
  const { link, onListening, stdio, transport } = environment;
  const { addresses, speaksTls } = listening;
  if (onListening !== undefined) onListening(listening);
  // A supervisor says it once for all its workers.
  else if (link === undefined) sayReady(stdio, readyLine(addresses, speaksTls, transport.name), log());
}

function drainTimeoutOf(options: CliServeOptions): number {
  return resolveLimits(options).drainTimeoutMs;
}

async function listen({ name, all }: Serving, transport: Transport, options: CliServeOptions): Promise<Server> {
  let failed: ListenOptions | undefined;
  const watched: Transport = {
    name: transport.name,
    connect: (to) => transport.connect(to),
    ...(transport.afterIo !== undefined && { afterIo: (callback: () => void) => transport.afterIo?.(callback) }),
    listen: async (at) => {
      try {
        return await transport.listen(at);
      } catch (error) {
        failed = at;
        throw error;
      }
    },
  };
  try {
    return await serve(watched, options);
  } catch (error) {
    if (
      error instanceof SpillwayError &&
      error.code === "runtime-unsupported" &&
      error.message.includes("keepAliveMs")
    ) {
      throw usageFailure(
        `${originText("keepAliveMs", all)} is not supported on ${transport.name}: use --silence-timeout instead`,
        { cause: error },
      );
    }
    if (error instanceof SpillwayError && failed !== undefined) throw listenFailure(failed, all, error);
    if (failed !== undefined && isMisuse(error)) throw placeFailure(name, all, error);
    if (isMisuse(error)) throw misuse(name, all, firstLine(error));
    throw runFailure(firstLine(error), { cause: error });
  }
}

/** Reports an option of `serve()` that makes no sense: as a fault of the setting that gave it, or of the service. */
function misuse(name: string, all: Given, message: string): Failure {
  const [, option = "", rest = ""] = /^(\w+) (.*)$/s.exec(message) ?? [];
  const origin = Object.hasOwn(all.origins, option) ? originText(option as SettingName, all) : undefined;
  return usageFailure(origin === undefined ? `${name}: ${message}` : `${origin} ${rest}`);
}

function isMisuse(error: unknown): boolean {
  return error instanceof TypeError || error instanceof RangeError;
}

export function logSignal(logger: Logger, signal: DrainSignal, forced: boolean, what = "connections"): void {
  const fields = { event: "signal", signal, forced };
  if (forced) logger.warning(`{signal}: aborting the remaining ${what}`, fields);
  else logger.info(`{signal}: draining; a second signal aborts the remaining ${what}`, fields);
}
