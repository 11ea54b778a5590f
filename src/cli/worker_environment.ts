import type { Environment, Signals } from "./environment.ts";

/** Returns the environment of a process that a supervisor has started. @throws {SpillwayError} `listen-failed` */
export async function workerEnvironment(environment: Environment): Promise<Environment> {
  const { WorkerLink } = await import("../cluster/mod.ts");
  const link = await WorkerLink.join(environment.host, environment.transport);
  return {
    ...environment,
    link,
    transport: link.transport,
    pid: link.assignment.supervisor,
    signals: onlyTerm(environment.signals),
  };
}

/** A terminal sends its signals to all processes, and the supervisor passes them on. SIGTERM comes from who means this one. */
function onlyTerm(signals: Signals): Signals {
  return {
    on: (signal, listener) => signals.on(signal, signal === "SIGTERM" ? listener : () => undefined),
    off: () => undefined,
  };
}
