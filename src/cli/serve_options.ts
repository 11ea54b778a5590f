import type { Observer, ServeOptions } from "../mod.ts";
import type { ServiceOptions } from "./service_module.ts";
import { SERVE_OPTIONS, type Settings } from "./settings.ts";

const DEFAULT_HOSTNAME = "127.0.0.1";
const DEFAULT_PORT = 8080;

/** What the command line serves. */
export type CliServeOptions = ServiceOptions & Required<Pick<ServeOptions<unknown>, "hostname" | "port" | "observer">>;

/** What was set goes before what the service says, and that before the defaults. `log` sees every event; so does the service's observer. */
export function serveOptions(service: ServiceOptions, settings: Settings, log: Observer): CliServeOptions {
  const set = SERVE_OPTIONS.filter((name) => settings[name] !== undefined).map((name) => [name, settings[name]]);
  return {
    ...service,
    ...(Object.fromEntries(set) as Partial<ServiceOptions>),
    hostname: settings.hostname ?? service.hostname ?? DEFAULT_HOSTNAME,
    port: settings.port ?? service.port ?? DEFAULT_PORT,
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
