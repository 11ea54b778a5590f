import type { Logger } from "@logtape/logtape";
import { addressText, type Server, type ShutdownOptions, serve } from "../core/mod.ts";
import { SpillwayError, type Transport } from "../mod.ts";
import { configFileSettings } from "./config_file.ts";
import { CONFIG_VARIABLE, environmentSettings, type Variables } from "./environment_settings.ts";
import { EXIT_FAILED, firstLine, runFailure, usageFailure } from "./failure.ts";
import { type Given, given } from "./given.ts";
import { listenFailure } from "./listen_failure.ts";
import { startLog } from "./log.ts";
import { logObserver } from "./log_observer.ts";
import { LogOutput } from "./log_output.ts";
import { configText } from "./print_config.ts";
import { flagSettings, type ServeFlags } from "./serve_flags.ts";
import { type CliServeOptions, serveOptions } from "./serve_options.ts";
import { chooseService } from "./service.ts";
import { type DrainSignal, onDrainSignal, type SignalSource } from "./signals.ts";
import { startPool } from "./start_pool.ts";
import type { Stdio } from "./stdio.ts";

/** What a command needs of its process. */
export interface Environment {
  readonly stdio: Stdio;
  readonly signals: SignalSource;
  /** What carries the bytes; loaded when it is needed. */
  readonly transport: () => Promise<Transport>;
  /** What relative paths start from. */
  readonly cwd: string;
  /** The environment variables. */
  readonly variables: Variables;
}

/** `spillway serve`: fulfils with the exit code when the server has drained. @throws {Failure} nothing was served */
export async function runServe(name: string, flags: ServeFlags, environment: Environment): Promise<number> {
  const { stdio, cwd } = environment;
  const all = await readSettings(flags, environment);
  const { settings } = all;
  const service = await chooseService(name, all, cwd);
  const logger = startLog({
    level: settings.logLevel ?? "info",
    format: settings.logFormat ?? "pretty",
    colors: stdio.colors,
    output: new LogOutput(stdio.err),
  });
  const options = serveOptions(service, settings, logObserver(logger));
  if (flags.printConfig === true) {
    stdio.out(checked(name, () => configText({ name, service, given: all, options })));
    return 0;
  }
  const { graceMs = Infinity } = settings;
  const shutdown = graceMs === Infinity ? {} : { graceMs };
  if (settings.pool === undefined) return serveUntilDrained(name, options, shutdown, logger, environment);
  const pool = await startPool(name, settings.pool, cwd, logger);
  try {
    return await serveUntilDrained(name, { ...options, handler: pool.handler }, shutdown, logger, environment);
  } finally {
    await pool.close();
  }
}

/** Options go before the environment, and that before a file. */
async function readSettings(flags: ServeFlags, { variables, cwd }: Environment): Promise<Given> {
  const fromEnvironment = environmentSettings(variables);
  const file = flags.config ?? variables[CONFIG_VARIABLE] ?? "";
  const fromFile = file === "" ? [] : await configFileSettings(file, cwd);
  return given([...fromFile, ...fromEnvironment, ...flagSettings(flags)]);
}

/** A limit of a service that makes no sense is a fault of its author. */
function checked<T>(name: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw usageFailure(`${name}: ${firstLine(error)}`, { cause: error });
  }
}

async function serveUntilDrained(
  name: string,
  options: CliServeOptions,
  shutdown: ShutdownOptions,
  logger: Logger,
  environment: Environment,
): Promise<number> {
  const { stdio, signals } = environment;
  const transport = await environment.transport();
  const server = await listen(name, transport, options);
  const ignoreSignals = onDrainSignal(signals, drainer(server, shutdown, logger));
  try {
    stdio.out(`spillway listening on ${addressText(server.address)} (${transport.name})\n`);
    const { aborted } = await server.finished;
    return aborted > 0 ? EXIT_FAILED : 0;
  } catch {
    // Accepting failed for good, which the observer has logged.
    return EXIT_FAILED;
  } finally {
    ignoreSignals();
  }
}

async function listen(name: string, transport: Transport, options: CliServeOptions): Promise<Server> {
  try {
    return await serve(transport, options);
  } catch (error) {
    if (error instanceof SpillwayError) throw listenFailure(options.hostname, options.port, error);
    if (error instanceof TypeError || error instanceof RangeError) throw usageFailure(`${name}: ${firstLine(error)}`);
    throw runFailure(firstLine(error), { cause: error });
  }
}

/** The first signal drains, the next one forces. */
function drainer(server: Server, options: ShutdownOptions, logger: Logger): (signal: DrainSignal) => void {
  let draining = false;
  return (signal) => {
    const fields = { event: "signal", signal, forced: draining };
    if (draining) logger.warning("{signal}: aborting what remains", fields);
    else logger.info("{signal}: draining, a second signal aborts what remains", fields);
    draining = true;
    void server.shutdown(options);
  };
}
