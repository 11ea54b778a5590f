import type { Logger } from "@logtape/logtape";
import type { FleetWorker, FleetWorkerEvent, FleetWorkerOptions } from "../compute/mod.ts";
import { describe } from "../core/mod.ts";
import { SpillwayError } from "../mod.ts";
import { type Log, logOf } from "./command_log.ts";
import type { Environment } from "./environment.ts";
import { EXIT_FAILED, firstLine, usageFailure, withStack } from "./failure.ts";
import { DEFAULT_STREAM, DEFAULT_SUBJECT, withoutPassword } from "./fleet_spec.ts";
import { type Given, originText } from "./given.ts";
import { errorFields } from "./log_observer.ts";
import { readSettings } from "./read_settings.ts";
import { sayReady } from "./ready_line.ts";
import { DRAIN_SIGNALS, logSignal, runServe } from "./serve_command.ts";
import { chooseService } from "./service.ts";
import type { ServiceOptions } from "./service_module.ts";
import type { SettingName, Settings } from "./setting.ts";
import { startCompute } from "./start_compute.ts";
import { systemdNotifier } from "./systemd_notify.ts";
import { UncaughtErrors } from "./uncaught.ts";
import type { WorkFlags } from "./work_flags.ts";

/** The settings that a worker of a broker has. All others are for connections, of which it has none. */
const OF_WORKERS: readonly SettingName[] = [
  "concurrency",
  "handlerTimeoutMs",
  "drainTimeoutMs",
  "pool",
  "codec",
  "prefix",
  "delayMs",
  "maxFrameBytes",
  "logLevel",
  "logFormat",
];

/** Runs `spillway work`; fulfils with the exit code when the worker has drained. @throws {Failure} it did not start */
export async function runWork(name: string, flags: WorkFlags, environment: Environment): Promise<number> {
  const { nats, redis } = flags;
  if (nats !== undefined && redis !== undefined)
    throw usageFailure("options '--nats' and '--redis' cannot be combined");
  checkOf("--nats", nats, { subject: flags.subject, queue: flags.queue });
  checkOf("--redis", redis, { stream: flags.stream, group: flags.group, "claim-after": flags.claimAfter });
  if (nats === undefined && redis === undefined) return serveWork(name, flags, environment);
  const all = await readSettings(flags, environment);
  for (const setting of Object.keys(all.settings) as SettingName[]) {
    const given = originText(setting, all);
    if (OF_WORKERS.includes(setting) || !given.startsWith("option")) continue;
    throw usageFailure(`${given} does not apply to a worker of a broker, which does not listen`);
  }
  const log = logOf(all.settings, environment);
  const uncaught = new UncaughtErrors(environment.uncaught, log);
  const failed = new Promise<number>((resolve) => {
    uncaught.onFirst = () => resolve(EXIT_FAILED);
  });
  try {
    return await Promise.race([failed, work({ name, flags, all, environment, log, uncaught })]);
  } catch (error) {
    throw all.settings.logLevel === "debug" ? withStack(error) : error;
  } finally {
    uncaught.end();
  }
}

function checkOf(
  broker: string,
  given: string | undefined,
  options: Readonly<Record<string, string | number | undefined>>,
): void {
  for (const [name, value] of Object.entries(options)) {
    if (value === "") throw usageFailure(`option '--${name}' requires a name`);
    if (given === undefined && value !== undefined) throw usageFailure(`option '--${name}' needs '${broker}'`);
  }
}

/** Serves the handler to servers that connect. */
async function serveWork(name: string, flags: WorkFlags, environment: Environment): Promise<number> {
  const { workService } = await import("../compute/mod.ts");
  return runServe(name, flags, environment, (service, { settings }) => {
    const { concurrency, handlerTimeoutMs, maxFrameBytes } = { ...limitsOf(service), ...settings };
    return {
      ...placeOf(service),
      ...workService(service.handler as FleetWorkerOptions["handler"], {
        ...(concurrency !== undefined && { concurrency }),
        ...(handlerTimeoutMs !== undefined && { handlerTimeoutMs }),
        ...(maxFrameBytes !== undefined && { maxFrameBytes }),
      }),
    } as ServiceOptions;
  });
}

function limitsOf({
  concurrency,
  handlerTimeoutMs,
}: Pick<Settings, "concurrency" | "handlerTimeoutMs">): Partial<
  Record<"concurrency" | "handlerTimeoutMs" | "maxFrameBytes", number>
> {
  return {
    ...(concurrency !== undefined && { concurrency }),
    ...(handlerTimeoutMs !== undefined && { handlerTimeoutMs }),
  };
}

/** Of the service itself, only where it listens and what it observes is kept. */
function placeOf(service: ServiceOptions): Partial<ServiceOptions> {
  const kept: readonly (keyof ServiceOptions)[] = [
    "hostname",
    "port",
    "path",
    "mode",
    "listen",
    "establish",
    "observer",
  ];
  return Object.fromEntries(kept.flatMap((name) => (service[name] === undefined ? [] : [[name, service[name]]])));
}

interface Working {
  readonly name: string;
  readonly flags: WorkFlags;
  readonly all: Given;
  readonly environment: Environment;
  readonly log: Log;
  readonly uncaught: UncaughtErrors;
}

async function work({ name, flags, all, environment, log, uncaught }: Working): Promise<number> {
  const { cwd, pid, signals, stdio, transport, variables } = environment;
  const service = await chooseService(name, all, cwd);
  const logger = log();
  const compute = await startCompute(name, all, cwd, logger);
  const { drainTimeoutMs = service.drainTimeoutMs } = all.settings;
  const systemd = systemdNotifier(variables, pid, (message) => logger.warning(message, { event: "systemd" }));
  let draining = false;
  try {
    const worker = await startWorker(flags, {
      handler: (compute?.handler ?? service.handler) as FleetWorkerOptions["handler"],
      ...limitsOf(service),
      ...limitsOf(all.settings),
      observer: workerLog(logger),
    });
    const drained = new Promise<number>((resolve, reject) => {
      const drain = () => {
        if (!draining) systemd.stopping();
        draining = true;
        const options =
          drainTimeoutMs === undefined || drainTimeoutMs === Infinity ? {} : { timeoutMs: drainTimeoutMs };
        worker.drain(options).then(({ aborted }) => resolve(aborted + uncaught.count > 0 ? EXIT_FAILED : 0), reject);
      };
      for (const signal of DRAIN_SIGNALS) {
        signals.on(signal, () => {
          logSignal(logger, signal, draining, "frames");
          drain();
        });
      }
      uncaught.onFirst = () => {
        logger.error("draining because of an uncaught error", { event: "uncaught-drain" });
        drain();
      };
      if (uncaught.count > 0) uncaught.onFirst();
    });
    const unavailable = worker.ready().then(
      () => {
        if (draining) return;
        sayReady(stdio, `spillway working on ${placeText(flags)} (${transport.name})\n`, log());
        systemd.ready();
      },
      async (error: unknown) => {
        if (draining) return;
        draining = true;
        await worker.drain();
        throw usageFailure(firstLine(error), { cause: error });
      },
    );
    const code = await Promise.race([drained, unavailable.then(() => drained)]);
    logger.info("drained", { event: "drained", ...worker.stats() });
    return code;
  } finally {
    await systemd.close();
    await compute?.close();
  }
}

async function startWorker(flags: WorkFlags, options: FleetWorkerOptions): Promise<FleetWorker> {
  const { natsWorker, redisWorker } = await import("../compute/mod.ts");
  const { claimAfter, group, nats, queue, redis, stream = DEFAULT_STREAM, subject = DEFAULT_SUBJECT } = flags;
  try {
    if (nats !== undefined)
      return natsWorker({ ...options, servers: nats, subject, ...(queue !== undefined && { queue }) });
    return redisWorker({
      ...options,
      url: redis as string,
      stream,
      ...(group !== undefined && { group }),
      ...(claimAfter !== undefined && { claimAfterMs: claimAfter }),
    });
  } catch (error) {
    throw usageFailure(firstLine(error), { cause: error });
  }
}

function placeText({ nats, redis, stream = DEFAULT_STREAM, subject = DEFAULT_SUBJECT }: WorkFlags): string {
  return nats === undefined ? `${withoutPassword(redis ?? "")} ${stream}` : `${withoutPassword(nats)} ${subject}`;
}

function workerLog(logger: Logger): (event: FleetWorkerEvent) => void {
  return (event) => {
    const { type } = event;
    if (type === "worker-up") logger.info("working for {address}", { event: type, address: event.address });
    else if (type === "worker-down")
      logger.warning("{error}", { event: type, address: event.address, error: describe(event.error) });
    else if (type === "dead-letter")
      logger.error("the frame {id} was delivered {deliveries} times, and is put aside", {
        event: type,
        id: event.id,
        deliveries: event.deliveries,
      });
    else logger.error("the handler threw: {error}", { event: type, ...thrownFields(event.error) });
  };
}

function thrownFields(thrown: unknown): Readonly<Record<string, unknown>> {
  return errorFields(new SpillwayError("handler-failed", describe(thrown), { cause: thrown }));
}
