import { sep } from "node:path";
import { checkOptions, type OptionNames, SERVICE_OPTIONS } from "../core/mod.ts";
import type { Service } from "../mod.ts";
import { Failure, firstLine, usageFailure } from "./failure.ts";
import { checkFile, importDefault, importModule } from "./module_file.ts";
import { folderFailure, similarModule } from "./service_path.ts";

/** A service. The type of its frames concerns only its codec and its handler. */
export interface ServiceOptions extends Service<unknown> {
  /** The number of processes that serve, as the setting of the same name says. `serve()` does not know it. */
  readonly workers?: number | "auto";
}

const MODULE_OPTIONS: OptionNames<ServiceOptions> = { ...SERVICE_OPTIONS, workers: true };

/** Reports whether the name of a service is the path of a module. */
export function isModulePath(name: string): boolean {
  return name.includes("/") || name.includes(sep) || /\.[cm]?[jt]s$/.test(name);
}

/** Loads a module whose default export is a service. @throws {Failure} the module cannot be loaded, or exports no service */
export async function loadServiceModule(path: string, cwd: string): Promise<ServiceOptions> {
  await checkFile("service module", path, cwd).catch(async (failure: unknown) => {
    throw (await folderFailure(path, cwd)) ?? (await withHint(failure, path, cwd));
  });
  return checkService(path, await importDefault(path, cwd));
}

/** Loads the service of a module anew, with the export `simulate`. @throws {Failure} as {@link loadServiceModule} */
export async function loadSimulatedModule(
  path: string,
  cwd: string,
  copy: number,
): Promise<{ readonly service: ServiceOptions; readonly simulate: unknown }> {
  const { default: service, simulate } = await importModule(path, cwd, copy);
  return { service: checkService(path, service), simulate };
}

async function withHint(failure: unknown, path: string, cwd: string): Promise<unknown> {
  const meant = failure instanceof Failure ? await similarModule(path, cwd) : undefined;
  return meant === undefined ? failure : usageFailure(`${(failure as Failure).message} (did you mean ${meant}?)`);
}

export function checkService(path: string, service: unknown): ServiceOptions {
  const refuse = (why: string) =>
    usageFailure(`${path} is not a service: ${why}; it needs \`export default { codec, handler }\``);
  if (service === undefined) throw refuse("it has no default export");
  if (typeof service !== "object" || service === null) throw refuse("its default export is not an object");
  // Checked first: a misspelt name is the reason why another option is missing.
  try {
    checkOptions(service, MODULE_OPTIONS);
    checkWorkers((service as ServiceOptions).workers);
  } catch (error) {
    throw usageFailure(`${path}: ${firstLine(error)}`);
  }
  const { codec, handler } = service as { codec?: { decoder?: unknown; encoder?: unknown } | null; handler?: unknown };
  if (typeof codec === "function") throw refuse("its codec is a function: call it, as in `codec: lines()`");
  if (typeof codec?.decoder !== "function" || typeof codec.encoder !== "function") throw refuse("it has no codec");
  if (typeof handler !== "function") {
    throw refuse(handler === undefined ? "it has no handler" : "its handler is not a function");
  }
  return pick(service as ServiceOptions);
}

function checkWorkers(workers: unknown): void {
  if (workers === undefined || workers === "auto") return;
  if (typeof workers !== "number") throw new TypeError(`workers must be a number or "auto", not ${typeof workers}`);
  if (!Number.isInteger(workers) || workers < 1) {
    throw new RangeError(`workers must be a whole number of at least 1, not ${workers}`);
  }
}

/** Picks the options by name, so that a service may be an instance of a class; functions stay bound to that instance. */
function pick(service: ServiceOptions): ServiceOptions {
  const options: Record<string, unknown> = {};
  for (const name of Object.keys(MODULE_OPTIONS) as (keyof ServiceOptions)[]) {
    const value = service[name];
    if (value !== undefined) options[name] = typeof value === "function" ? value.bind(service) : value;
  }
  return options as unknown as ServiceOptions;
}
