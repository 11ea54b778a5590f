import type { Limits, Observer, ServeOptions } from "../mod.ts";
import type { ServeFlags } from "./serve_flags.ts";
import type { ServiceOptions } from "./service_module.ts";

const DEFAULT_HOSTNAME = "127.0.0.1";
const DEFAULT_PORT = 8080;

const LIMITS = {
  idleTimeout: "idleTimeoutMs",
  frameTimeout: "frameTimeoutMs",
  handlerTimeout: "handlerTimeoutMs",
  writeTimeout: "writeTimeoutMs",
  handshakeTimeout: "handshakeTimeoutMs",
  lifetime: "lifetimeMs",
  drainTimeout: "drainTimeoutMs",
  maxConnections: "maxConnections",
  concurrency: "concurrency",
  maxConcurrentHandlers: "maxConcurrentHandlers",
} as const satisfies Partial<Record<keyof ServeFlags, keyof Limits>>;

/** What the command line serves. */
export type CliServeOptions = ServiceOptions & Required<Pick<ServeOptions<unknown>, "hostname" | "port" | "observer">>;

/** Flags go before what the service says, and that before the defaults. `log` sees every event; so does the service's observer. */
export function serveOptions(service: ServiceOptions, flags: ServeFlags, log: Observer): CliServeOptions {
  const limits: { -readonly [Name in keyof Limits]?: number } = {};
  for (const [flag, limit] of Object.entries(LIMITS) as [keyof typeof LIMITS, keyof Limits][]) {
    const value = flags[flag];
    if (value !== undefined) limits[limit] = value;
  }
  return {
    ...service,
    ...limits,
    hostname: flags.hostname ?? service.hostname ?? DEFAULT_HOSTNAME,
    port: flags.port ?? service.port ?? DEFAULT_PORT,
    observer: both(log, service.observer),
  };
}

function both(first: Observer, second: Observer | undefined): Observer {
  if (second === undefined) return first;
  return (event) => {
    first(event);
    second(event);
  };
}
