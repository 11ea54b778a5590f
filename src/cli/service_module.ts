import { stat } from "node:fs/promises";
import { resolve, sep } from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";
import type { ServeOptions, Service } from "../mod.ts";
import { firstLine, usageFailure } from "./failure.ts";

/** A service, and where it wants to listen. Its frames are a matter between its codec and its handler. */
export type ServiceOptions = Service<unknown> & Partial<Pick<ServeOptions<unknown>, "hostname" | "port">>;

/** The compiler keeps this complete. */
const NAMES: Readonly<Record<keyof ServiceOptions, true>> = {
  codec: true,
  handler: true,
  middleware: true,
  observer: true,
  state: true,
  onConnect: true,
  onDisconnect: true,
  onDrain: true,
  onSlowConsumer: true,
  hostname: true,
  port: true,
  onInvalidFrame: true,
  onMaxConnections: true,
  idleTimeoutMs: true,
  frameTimeoutMs: true,
  handlerTimeoutMs: true,
  writeTimeoutMs: true,
  handshakeTimeoutMs: true,
  lifetimeMs: true,
  lingerTimeoutMs: true,
  drainTimeoutMs: true,
  maxConnections: true,
  concurrency: true,
  maxConcurrentHandlers: true,
  maxOutboundBytes: true,
  maxOutboundFrames: true,
  backlog: true,
};

/** Whether the name of a service is the path of a module. */
export function isModulePath(name: string): boolean {
  return name.includes("/") || name.includes(sep) || /\.(js|mjs|ts)$/.test(name);
}

/** Where the module is. */
export function moduleUrl(path: string, cwd: string): URL {
  return pathToFileURL(resolve(cwd, path));
}

/** Loads a module whose default export is a service. @throws {Failure} it cannot be loaded, or is no service */
export async function loadServiceModule(path: string, cwd: string): Promise<ServiceOptions> {
  const absolute = resolve(cwd, path);
  await checkFile(path, absolute);
  return checkService(path, await defaultExport(path, moduleUrl(path, cwd)));
}

async function defaultExport(path: string, { href }: URL): Promise<unknown> {
  try {
    const module = (await import(href)) as { readonly default?: unknown };
    return module.default;
  } catch (cause) {
    throw loadFailure(path, cause);
  }
}

async function checkFile(path: string, absolute: string): Promise<void> {
  try {
    if ((await stat(absolute)).isFile()) return;
  } catch (cause) {
    throw usageFailure(
      `no service module ${path}: ${missing(cause) ? `there is no file ${absolute}` : firstLine(cause)}`,
    );
  }
  throw usageFailure(`no service module ${path}: ${absolute} is not a file`);
}

function missing(cause: unknown): boolean {
  const { code } = cause as NodeJS.ErrnoException;
  return code === "ENOENT" || code === "ENOTDIR";
}

function loadFailure(path: string, cause: unknown): Error {
  const reason = firstLine(cause);
  const { code } = (cause ?? {}) as NodeJS.ErrnoException;
  if (code === "ERR_UNKNOWN_FILE_EXTENSION" && reason.includes(".ts")) {
    const advice = "compile it to JavaScript, or use Node 22.18 or later, Deno or Bun";
    return usageFailure(`cannot load ${path}: Node ${process.versions.node} does not load TypeScript; ${advice}`, {
      cause,
    });
  }
  return usageFailure(`cannot load ${path}: ${reason}`, { cause });
}

function checkService(path: string, service: unknown): ServiceOptions {
  const refuse = (why: string) =>
    usageFailure(`${path} is not a service: ${why}; it needs \`export default { codec, handler }\``);
  if (service === undefined) throw refuse("it has no default export");
  if (typeof service !== "object" || service === null) throw refuse("its default export is not an object");
  const { codec, handler } = service as { codec?: { decoder?: unknown; encoder?: unknown } | null; handler?: unknown };
  if (typeof codec?.decoder !== "function" || typeof codec.encoder !== "function") throw refuse("it has no codec");
  if (typeof handler !== "function") throw refuse("its handler is not a function");
  const unknown = Object.keys(service).find((name) => !Object.hasOwn(NAMES, name));
  if (unknown !== undefined) throw usageFailure(`${path}: a service has no option '${unknown}'`);
  return pick(service as ServiceOptions);
}

/** The options by name, so that a service may be an object of a class; functions stay with their object. */
function pick(service: ServiceOptions): ServiceOptions {
  const options: Record<string, unknown> = {};
  for (const name of Object.keys(NAMES) as (keyof typeof NAMES)[]) {
    const value = service[name];
    if (value !== undefined) options[name] = typeof value === "function" ? value.bind(service) : value;
  }
  return options as unknown as ServiceOptions;
}
