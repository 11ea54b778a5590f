import type { WorkerLink } from "../cluster/mod.ts";
import type { Environment, Signals } from "./environment.ts";
import { BUS_HUB_VARIABLE } from "./role_variables.ts";

/** Returns the environment of a process that a supervisor has started. @throws {SpillwayError} `listen-failed` */
export async function workerEnvironment(environment: Environment): Promise<Environment> {
  const { WorkerLink } = await import("../cluster/mod.ts");
  const link = await WorkerLink.join(environment.host, environment.transport);
  return {
    ...environment,
    link,
    busHubPath: environment.host.env[BUS_HUB_VARIABLE],
    transport: link.transport,
    pid: link.assignment.inheritor,
    signals: onlyFirstTerm(environment.signals, link),
  };
}

/**
 * A terminal sends its signals to all processes, and the supervisor passes them on. SIGTERM comes from whoever means this
 * one, or all; while the server drains, for the supervisor too, another one would force it.
 */
function onlyFirstTerm(signals: Signals, link: WorkerLink): Signals {
  return {
    on: (signal, listener) =>
      signals.on(signal, () => {
        if (signal === "SIGTERM" && !link.isDraining) listener();
      }),
    off: () => undefined,
  };
}
