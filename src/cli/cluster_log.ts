import type { Logger } from "@logtape/logtape";
import type { ClusterEvent, ClusterObserver, Exit, WorkerInfo } from "../cluster/mod.ts";
import { durationText } from "./option_values.ts";

/** Returns an observer that logs what happens to a cluster. */
export function clusterLog(logger: Logger): ClusterObserver {
  return (event) => {
    const fields = { event: event.type, ...fieldsOf(event) };
    switch (event.type) {
      case "bound":
        return logger.debug("the places are bound; workers: {workers}", fields);
      case "worker-started":
        return logger.debug("worker {worker} starts as process {pid}", fields);
      case "worker-ready":
        return logger.info("worker {worker} is ready, process {pid}", fields);
      case "worker-draining":
        return logger.info("worker {worker} drains, process {pid}", fields);
      case "worker-killed":
        return logger.error("worker {worker}, process {pid}, is killed: {why}", fields);
      case "worker-ended":
        if (event.expected) return logger.info("worker {worker} has drained, process {pid}", fields);
        return logger.warning("worker {worker}, process {pid}, has ended: {how}", fields);
      case "worker-restarting":
        return event.inMs === 0
          ? logger.info("another worker {worker} is started", fields)
          : logger.warning("another worker {worker} is started in {pause}: {failures} have failed in a row", fields);
      case "ready":
        return logger.info("every worker is ready: {workers}", fields);
      case "reload-started":
        return logger.info("replacing every worker: {workers}", fields);
      case "reload-finished":
        if (event.reloaded) return logger.info("the workers are replaced", fields);
        return logger.error("the workers are not replaced, and the old ones go on serving: {why}", fields);
      case "upgrade-started":
        return logger.info("starting a supervisor that takes over", fields);
      case "upgrade-finished":
        return logger.info("another supervisor has taken over", fields);
      case "upgrade-failed":
        return logger.error("no supervisor has taken over, and this one goes on: {why}", fields);
      case "successor-lost":
        return logger.error("{why}, and nobody accepts: start the service again", fields);
      case "draining":
        return logger.info("every worker is to drain: {workers}", fields);
      case "drained":
        return event.failed === 0
          ? logger.info("all workers have drained", fields)
          : logger.warning("all workers have ended; {failed} did not drain in order", fields);
      default:
    }
  };
}

function fieldsOf(event: ClusterEvent): Record<string, unknown> {
  const { type: _, ...fields } = event;
  switch (event.type) {
    case "worker-restarting":
      return { worker: event.slot, pause: durationText(event.inMs), failures: event.failures };
    case "worker-ended":
      return { ...workerFields(event.worker), how: exitText(event.exit), expected: event.expected };
    default:
      return "worker" in event ? { ...fields, ...workerFields(event.worker) } : fields;
  }
}

function workerFields({ pid, slot }: WorkerInfo): Record<string, unknown> {
  return { worker: slot, pid };
}

function exitText({ code, error, signal }: Exit): string {
  return error ?? signal ?? `exit code ${code}`;
}
