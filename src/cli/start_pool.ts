import type { Logger } from "@logtape/logtape";
import type { Pool } from "../compute/mod.ts";
import { usageFailure } from "./failure.ts";
import { reasonAndPlace } from "./load_failure.ts";
import { errorFields } from "./log_observer.ts";
import { moduleUrl } from "./module_file.ts";

/** Starts the worker threads of a service module, ready to work. @throws {Failure} the threads cannot be started */
export async function startPool(
  path: string,
  size: number,
  cwd: string,
  logger: Logger,
): Promise<Pool<unknown, unknown>> {
  // Imported only when a pool is asked for.
  const { pool } = await import("../compute/mod.ts");
  const workers = pool<unknown>(moduleUrl(path, cwd), {
    size,
    onWorkerError: (error) => logger.error("{error}", { event: "worker-error", ...errorFields(error) }),
  });
  try {
    await workers.ready();
    return workers;
  } catch (cause) {
    await workers.close();
    throw usageFailure(`cannot start the workers for ${path}: ${reasonAndPlace(cause)}`, { cause });
  }
}
