import type { Logger } from "@logtape/logtape";
import type { Compute, FleetEvent } from "../compute/mod.ts";
import { describe } from "../core/mod.ts";
import { usageFailure } from "./failure.ts";
import type { FleetSpec } from "./fleet_spec.ts";
import { type Given, originText } from "./given.ts";
import { startPool } from "./start_pool.ts";

/** Starts what computes instead of the handler of a module: worker threads, or a fleet. @throws {Failure} it cannot be started */
export async function startCompute(
  path: string,
  given: Given,
  cwd: string,
  logger: Logger,
): Promise<Compute<unknown, unknown> | undefined> {
  const { compute, pool } = given.settings;
  if (compute !== undefined && pool !== undefined) {
    throw usageFailure(
      `${originText("pool", given)} and ${originText("compute", given)} cannot be combined: give --pool to the workers`,
    );
  }
  if (pool !== undefined) return startPool(path, pool, cwd, logger);
  return compute === undefined ? undefined : startFleet(compute, given, logger);
}

async function startFleet(spec: FleetSpec, given: Given, logger: Logger): Promise<Compute<unknown, unknown>> {
  // Imported only when a fleet is asked for.
  const { nats, redisStreams, remote } = await import("../compute/mod.ts");
  const observer = fleetLog(logger);
  try {
    const fleet = create();
    // The server need not wait for its workers. Without them, each frame fails, and the log says why.
    const failed = await Promise.race([
      fleet.ready().then(
        () => undefined,
        (error: unknown) => error,
      ),
      settling(),
    ]);
    if ((failed as { readonly code?: unknown } | undefined)?.code === "fleet-unavailable") throw failed;
    return fleet;
  } catch (cause) {
    throw usageFailure(`${originText("compute", given)} cannot be used: ${describe(cause)}`, { cause });
  }

  function create(): Compute<unknown, unknown> {
    if (spec.kind === "nats") return nats({ servers: spec.servers, subject: spec.subject, observer });
    if (spec.kind === "remote") return remote({ targets: spec.targets, tls: spec.tls, observer });
    const { group, stream, url } = spec;
    return redisStreams({ url, stream, observer, ...(group !== undefined && { group }) });
  }
}

/** Long enough for what fails without a network. */
function settling(): Promise<undefined> {
  return new Promise((resolve) => setTimeout(resolve, 50, undefined));
}

function fleetLog(logger: Logger): (event: FleetEvent) => void {
  return (event) => {
    const { address, type } = event;
    if (type === "worker-up") logger.info("compute on {address}", { event: type, address });
    else logger.warning("{error}", { event: type, address, error: event.error.message, code: event.error.code });
  };
}
