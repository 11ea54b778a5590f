import type { Logger, LogLevel } from "@logtape/logtape";
import { type DrainSignal, drainOnSignals, type Server, type SignalSource, serve } from "../core/mod.ts";
import { type ListenOptions, type Observer, SpillwayError, type Transport } from "../mod.ts";
import { type AdminEndpoint, startAdmin } from "./admin_endpoint.ts";
import { configFileSettings } from "./config_file.ts";
import { CONFIG_VARIABLE, environmentSettings, type Variables } from "./environment_settings.ts";
import { type LoadedSteps, loadSteps } from "./establish_steps.ts";
import { EXIT_FAILED, type Failure, firstLine, runFailure, usageFailure, withStack } from "./failure.ts";
import { type Given, given, originText } from "./given.ts";
import { listenFailure, placeFailure } from "./listen_failure.ts";
import { type Places, resolvePlaces, withSteps } from "./listen_targets.ts";
import { startLog } from "./log.ts";
import { logObserver, observerErrorLog } from "./log_observer.ts";
import { LogOutput } from "./log_output.ts";
import { configText } from "./print_config.ts";
import { readyLine } from "./ready_line.ts";
import { flagSettings, type ServeFlags } from "./serve_flags.ts";
import { type CliServeOptions, serveOptions } from "./serve_options.ts";
import { chooseService } from "./service.ts";
import type { ServiceOptions } from "./service_module.ts";
import type { SettingName, Settings } from "./settings.ts";
import { startCompute } from "./start_compute.ts";
import type { Stdio } from "./stdio.ts";
import { systemdNotifier } from "./systemd_notify.ts";
import { UncaughtErrors, type UncaughtSource } from "./uncaught.ts";

export const DRAIN_SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"] as const;

/** The parts of the process that a command needs. */
export interface Environment {
  readonly stdio: Stdio;
  readonly signals: SignalSource;
  /** Reports uncaught errors. */
  readonly uncaught: UncaughtSource;
  /** The transport to serve on. */
  readonly transport: Transport;
  /** The directory that relative paths start from. */
  readonly cwd: string;
  /** The environment variables. */
  readonly variables: Variables;
  /** The number of this process. */
  readonly pid: number;
}

/** Returns the service that is served in place of another: one that gives the frames of other servers to its handler. */
export type ServiceInstead = (service: ServiceOptions, given: Given) => ServiceOptions;

/** Runs `spillway serve`; fulfils with the exit code when the server has drained. @throws {Failure} nothing was served */
export async function runServe(
  name: string,
  flags: ServeFlags,
  environment: Environment,
  instead?: ServiceInstead,
): Promise<number> {
  const all = await readSettings(flags, environment);
  const log = logOf(all.settings, environment);
  const uncaught = new UncaughtErrors(environment.uncaught, log);
  const failed = new Promise<number>((resolve) => {
    uncaught.onFirst = () => resolve(EXIT_FAILED);
  });
  try {
    // Before the server listens, there is nothing to drain.
    return await Promise.race([failed, serveService({ name, all, flags, environment, log, uncaught, instead })]);
  } catch (error) {
    throw all.settings.logLevel === "debug" ? withStack(error) : error;
  } finally {
    uncaught.end();
  }
}

/** Returns the logger. The first call starts the log. */
export interface Log {
  (): Logger;
  setLevel(level: LogLevel): void;
}

interface Serving {
  readonly name: string;
  readonly all: Given;
  readonly flags: ServeFlags;
  readonly environment: Environment;
  readonly log: Log;
  readonly uncaught: UncaughtErrors;
  readonly instead: ServiceInstead | undefined;
}

async function serveService(serving: Serving): Promise<number> {
  const { name, all, flags, environment, log } = serving;
  const { stdio, cwd } = environment;
  const { instead = unchanged } = serving;
  const service = instead(await chooseService(name, all, cwd), all);
  // Created only now: a service may configure LogTape when it is loaded, and this replaces that configuration.
  const logger = log();
  const options = serveOptions(
    service,
    serving.instead === undefined ? all.settings : withoutHandlerLimits(all.settings),
    stdio.terminal ? listeningIsSaid(logObserver(logger)) : logObserver(logger),
    observerErrorLog(logger),
  );
  if (flags.printConfig === true) {
    stdio.out(checked(name, () => configText({ name, service, given: all, options })));
    return 0;
  }
  const endpoint = await startAdmin(all, {
    cwd,
    logger,
    config: () => JSON.parse(configText({ name, service, given: all, options })) as unknown,
    onLogLevel: (level) => log.setLevel(level),
  });
  try {
    return await serveObserved(serving, endpoint === undefined ? options : observedBy(endpoint, options));
  } finally {
    await endpoint?.close();
  }
}

/** Returns the options with the observers of the admin endpoint, and the middleware that times handlers for it. */
function observedBy({ middleware, observers }: AdminEndpoint, options: CliServeOptions): CliServeOptions {
  const observer: Observer = (event) => {
    // The log first, whatever the others do.
    options.observer(event);
    for (const one of observers) one(event);
  };
  return { ...options, observer, middleware: [middleware, ...(options.middleware ?? [])] };
}

async function serveObserved(serving: Serving, options: CliServeOptions): Promise<number> {
  const { name, all, environment, log } = serving;
  const { instead = unchanged } = serving;
  const places = await establishing(serving, options);
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

/** At a terminal the ready line already says where the server listens. */
function listeningIsSaid(log: Observer): Observer {
  return (event) => {
    if (event.type !== "listening") log(event);
  };
}

/** Returns a function that starts logging on its first call. */
export function logOf({ logLevel = "info", logFormat = "pretty" }: Settings, { stdio }: Environment): Log {
  let logger: Logger | undefined;
  const output = new LogOutput(stdio.err);
  const start = (level: LogLevel) => startLog({ level, format: logFormat, colors: stdio.colors, output });
  const log = () => {
    logger ??= start(logLevel);
    return logger;
  };
  return Object.assign(log, { setLevel: (level: LogLevel) => void (logger = start(level)) });
}

/** Options take precedence over the environment, and the environment over a file. */
export async function readSettings(flags: ServeFlags, { variables, cwd }: Environment): Promise<Given> {
  const fromEnvironment = environmentSettings(variables);
  if (flags.config === "") throw usageFailure("option '--config' requires the path of a file");
  const file = flags.config ?? variables[CONFIG_VARIABLE] ?? "";
  const fromFile = file === "" ? [] : await configFileSettings(file, cwd);
  return given(fromFile, fromEnvironment, flagSettings(flags));
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
async function establishing({ all, environment }: Serving, options: CliServeOptions): Promise<Established> {
  const places = resolvePlaces(options, all, environment);
  const { steps, watch } = await loadSteps(all, environment.cwd);
  return { ...places, options: withSteps(places, steps), watch };
}

async function serveUntilDrained(serving: Serving, { options, speaksTls, watch }: Established): Promise<number> {
  const { all, environment, log, uncaught } = serving;
  const { stdio, transport, variables, pid } = environment;
  const systemd = systemdNotifier(variables, pid, (message) => log().warning(message, { event: "systemd" }));
  let stopping = false;
  let drained = false;
  const observer: Observer = (event) => {
    if (!stopping && (event.type === "accepting-stopped" || event.type === "draining")) {
      stopping = true;
      systemd.stopping();
    }
    if (event.type === "drained") drained = true;
    options.observer(event);
  };
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
      stdio.out(readyLine(server.addresses, speaksTls, transport.name));
      systemd.ready();
    }
    const { aborted } = await server.finished;
    return aborted + uncaught.count > 0 ? EXIT_FAILED : 0;
  } catch {
    // Accepting failed permanently; the observer has logged that.
    return EXIT_FAILED;
  } finally {
    endWatch();
    systemd.close();
    ignoreSignals();
  }
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
