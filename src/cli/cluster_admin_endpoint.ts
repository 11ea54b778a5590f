/** The admin endpoint of a supervisor, if settings ask for one. Its room is imported only then. */
import type { Logger, LogLevel } from "@logtape/logtape";
import type { ClusterAdmin } from "../admin/mod.ts";
import { SpillwayError } from "../mod.ts";
import { adminPlaceOf, createEndpoint, startEndpoint } from "./admin_endpoint.ts";
import type { Failure } from "./failure.ts";
import type { Given } from "./given.ts";

/** The supervisor that is replaced closes its endpoint when the next one is ready. */
const TRY_AGAIN_MS = 200;
const PATIENCE_MS = 15_000;

/** The parts of the command line that the endpoint shows and changes. */
export interface ClusterAdminParts {
  readonly cwd: string;
  readonly logger: Logger;
  readonly onLogLevel: (level: LogLevel) => void;
  /** Whether this supervisor replaces another one, which has the place as yet. */
  readonly isSuccessor: boolean;
}

/** The endpoint of a supervisor, as `serve` uses it. */
export interface ClusterAdminEndpoint extends Pick<ClusterAdmin, "attach" | "observer"> {
  /** Gets the place that another supervisor has had: this one's workers are ready. */
  takePlace(): void;
  close(): Promise<void>;
}

/**
 * Starts the endpoint, or returns `undefined` when no setting asks for one.
 *
 * @throws {Failure} a place or a token that makes no sense, a file that cannot be read, or a place that is taken
 */
export async function startClusterAdmin(
  given: Given,
  { cwd, isSuccessor, logger, onLogLevel }: ClusterAdminParts,
): Promise<ClusterAdminEndpoint | undefined> {
  if (adminPlaceOf(given) === undefined) return undefined;
  const { clusterAdmin } = await import("../admin/mod.ts");
  const { endpoint, listen } = await createEndpoint(given, cwd, (options) => clusterAdmin({ ...options, onLogLevel }));
  let waiting = false;
  try {
    await startEndpoint(endpoint, listen, given, logger);
  } catch (error) {
    if (!isSuccessor || !isTaken(error)) throw error;
    waiting = true;
  }
  let closed = false;
  const tryAgain = async (until: number): Promise<void> => {
    try {
      await startEndpoint(endpoint, listen, given, logger);
    } catch (error) {
      if (closed) return;
      if (performance.now() < until && isTaken(error)) {
        setTimeout(() => void tryAgain(until), TRY_AGAIN_MS);
        return;
      }
      // The service matters more than its endpoint.
      const why = (error as Failure).message;
      logger.error("there is no admin endpoint: {why}", { event: "admin-failed", why });
    }
  };
  return {
    observer: endpoint.observer,
    attach: (cluster) => endpoint.attach(cluster),
    takePlace() {
      if (waiting) void tryAgain(performance.now() + PATIENCE_MS);
    },
    close() {
      closed = true;
      return endpoint.close();
    },
  };
}

function isTaken(error: unknown): boolean {
  const { cause } = error as { cause?: unknown };
  return cause instanceof SpillwayError && cause.code === "address-in-use";
}
