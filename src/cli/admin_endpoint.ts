/** The admin endpoint that settings ask for. Its room is imported only then. */
import { readFile } from "node:fs/promises";
import path from "node:path";
import type { Logger, LogLevel } from "@logtape/logtape";
import type { AdminTarget } from "../admin/mod.ts";
import type { AdmissionStep } from "../admission/mod.ts";
import { addressText } from "../core/mod.ts";
import type { AnyMiddleware, Observer } from "../mod.ts";
import { firstLine, usageFailure } from "./failure.ts";
import { type Given, originText } from "./given.ts";
import { adminListenFailure } from "./listen_failure.ts";

/** A running admin endpoint, as far as `serve` uses it. */
export interface AdminEndpoint {
  readonly observers: readonly Observer[];
  readonly middleware: AnyMiddleware;
  close(): Promise<void>;
}

/** What the endpoint shows and changes of the command line. */
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
  const { admin: place, adminTokenFile } = given.settings;
  if (place === undefined) {
    if (adminTokenFile === undefined) return undefined;
    throw usageFailure(`${originText("adminTokenFile", given)} has no effect without --admin`);
  }
  const [{ admin, adminTarget }, { metrics }] = await Promise.all([
    import("../admin/mod.ts"),
    import("../observers/metrics/mod.ts"),
  ]);
  const { admission, config, logger, onLogLevel } = parts;
  const sources = admission === undefined ? {} : { admission };
  const numbers = metrics(admission === undefined ? {} : { admissions: { serve: admission } });
  const token = adminTokenFile === undefined ? {} : { token: await readToken(adminTokenFile, given, parts.cwd) };
  let endpoint: ReturnType<typeof admin>;
  let listen: AdminTarget;
  try {
    listen = adminTarget(place);
    endpoint = admin({ listen, metrics: numbers, sources, config, onLogLevel, ...token });
  } catch (cause) {
    const message = firstLine(cause);
    const whose = message.startsWith("token ") ? "adminTokenFile" : "admin";
    throw usageFailure(`${originText(whose, given)}: ${message}`, { cause });
  }
  try {
    const address = await endpoint.start();
    const where = address.path === undefined ? `http://${addressText(address)}/` : addressText(address);
    logger.info("the admin endpoint listens on {address}", { event: "admin-listening", address: where });
  } catch (cause) {
    throw adminListenFailure("path" in listen ? listen : { hostname: "127.0.0.1", ...listen }, given, cause);
  }
  return {
    observers: [numbers, endpoint.observer],
    middleware: numbers.middleware,
    close: () => endpoint.close(),
  };
}

/** Reads the token, without the end of its line. @throws {Failure} the file cannot be read */
async function readToken(file: string, given: Given, cwd: string): Promise<string> {
  try {
    return (await readFile(path.resolve(cwd, file), "utf8")).trim();
  } catch (cause) {
    throw usageFailure(`${originText("adminTokenFile", given)} cannot be read: ${firstLine(cause)}`, { cause });
  }
}
