/** The admin endpoint that settings ask for. Its room is imported only then. */
import { readFile } from "node:fs/promises";
import path from "node:path";
import type { Logger, LogLevel } from "@logtape/logtape";
import type { AdminTarget, ListeningEndpoint } from "../admin/mod.ts";
import type { AdmissionStep } from "../admission/mod.ts";
import { addressText } from "../core/mod.ts";
import type { AnyMiddleware, Observer } from "../mod.ts";
import type { Metrics } from "../observers/metrics/mod.ts";
import { firstLine, usageFailure } from "./failure.ts";
import { type Given, originText } from "./given.ts";
import { adminListenFailure } from "./listen_failure.ts";

/** A running admin endpoint, as far as `serve` uses it. */
export interface AdminEndpoint {
  readonly observers: readonly Observer[];
  readonly middleware: AnyMiddleware;
  close(): Promise<void>;
}

/** The parts of the command line that the endpoint shows and changes. */
export interface AdminParts {
  readonly cwd: string;
  readonly logger: Logger;
  readonly config: () => unknown;
  /** The step that judges who may connect, if there is one. */
  readonly admission: AdmissionStep | undefined;
  readonly onLogLevel: (level: LogLevel) => void;
}

/**
 * Starts the endpoint, or returns `undefined` when no setting asks for one.
 *
 * @throws {Failure} a place or a token that makes no sense, a file that cannot be read, or a place that is taken
 */
export async function startAdmin(given: Given, parts: AdminParts): Promise<AdminEndpoint | undefined> {
  const place = adminPlaceOf(given);
  if (place === undefined) return undefined;
  const { admin } = await import("../admin/mod.ts");
  const { config, cwd, logger, onLogLevel } = parts;
  const { numbers, sources } = await numbersOf(parts);
  const { endpoint, listen } = await createEndpoint(given, cwd, (options) =>
    admin({ ...options, metrics: numbers, sources, config, onLogLevel }),
  );
  await startEndpoint(endpoint, listen, given, logger);
  return {
    observers: [numbers, endpoint.observer],
    middleware: numbers.middleware,
    close: () => endpoint.close(),
  };
}

/** Where `--admin` wants an endpoint. @throws {Failure} a token for none */
export function adminPlaceOf(given: Given): string | undefined {
  const { admin, adminTokenFile } = given.settings;
  if (admin !== undefined || adminTokenFile === undefined) return admin;
  throw usageFailure(`${originText("adminTokenFile", given)} has no effect without --admin`);
}

/** Returns the sources of numbers beside the server. */
export async function numbersOf({ admission }: Pick<AdminParts, "admission">): Promise<{
  readonly numbers: Metrics;
  readonly sources: Readonly<Record<string, AdmissionStep>>;
}> {
  const { metrics } = await import("../observers/metrics/mod.ts");
  return {
    numbers: metrics(admission === undefined ? {} : { admissions: { serve: admission } }),
    sources: admission === undefined ? {} : { admission },
  };
}

/** The options of an endpoint that settings give. */
interface PlacedOptions {
  readonly listen: AdminTarget;
  readonly token?: string;
}

/** Creates the endpoint that settings ask for. @throws {Failure} a place or a token that makes no sense */
export async function createEndpoint<Endpoint>(
  given: Given,
  cwd: string,
  create: (options: PlacedOptions) => Endpoint,
): Promise<{ readonly endpoint: Endpoint; readonly listen: AdminTarget }> {
  const { admin: place = "", adminTokenFile } = given.settings;
  const { adminTarget } = await import("../admin/mod.ts");
  const token = adminTokenFile === undefined ? {} : { token: await readToken(adminTokenFile, given, cwd) };
  try {
    const listen = adminTarget(place);
    return { endpoint: create({ listen, ...token }), listen };
  } catch (cause) {
    const message = firstLine(cause);
    const whose = message.startsWith("token ") ? "adminTokenFile" : "admin";
    throw usageFailure(`${originText(whose, given)}: ${message}`, { cause });
  }
}

/** Lets an endpoint listen, and says where. @throws {Failure} it cannot */
export async function startEndpoint(
  endpoint: ListeningEndpoint,
  listen: AdminTarget,
  given: Given,
  logger: Logger,
): Promise<void> {
  try {
    const address = await endpoint.start();
    const where = address.path === undefined ? `http://${addressText(address)}/` : addressText(address);
    logger.info("the admin endpoint listens on {address}", { event: "admin-listening", address: where });
  } catch (cause) {
    throw adminListenFailure("path" in listen ? listen : { hostname: "127.0.0.1", ...listen }, given, cause);
  }
}

/** Reads the token, without the end of its line. @throws {Failure} the file cannot be read */
async function readToken(file: string, given: Given, cwd: string): Promise<string> {
  try {
    return (await readFile(path.resolve(cwd, file), "utf8")).trim();
  } catch (cause) {
    throw usageFailure(`${originText("adminTokenFile", given)} cannot be read: ${firstLine(cause)}`, { cause });
  }
}
