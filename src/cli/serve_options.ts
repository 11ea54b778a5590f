import type { Observer, ServeOptions, ServerEvent } from "../mod.ts";
import type { ServiceOptions } from "./service_module.ts";
import { SERVE_OPTIONS, type Settings } from "./settings.ts";

const DEFAULT_HOSTNAME = "127.0.0.1";
const DEFAULT_PORT = 8080;

/** What the command line serves. */
export type CliServeOptions = ServiceOptions & Required<Pick<ServeOptions<unknown>, "hostname" | "port" | "observer">>;

/**
 * What was set goes before what the service says, and that before the defaults. `log` sees every event; so does the service's
 * observer. What that throws is for `onObserverError`: without it, the core would write to stderr beside the log, and wait for it.
 */
export function serveOptions(
  service: ServiceOptions,
  settings: Settings,
  log: Observer,
  onObserverError: (error: unknown, event: ServerEvent) => void,
): CliServeOptions {
  const set = SERVE_OPTIONS.filter((name) => settings[name] !== undefined).map((name) => [name, settings[name]]);
  const { observer } = service;
  return {
    ...service,
    ...(Object.fromEntries(set) as Partial<ServiceOptions>),
    hostname: settings.hostname ?? service.hostname ?? DEFAULT_HOSTNAME,
    port: settings.port ?? service.port ?? DEFAULT_PORT,
    observer: observer === undefined ? log : both(log, (event) => observer(event), onObserverError),
  };
}

function both(log: Observer, own: Observer, onError: (error: unknown, event: ServerEvent) => void): Observer {
  return (event) => {
    log(event);
    try {
      own(event);
    } catch (error) {
      onError(error, event);
    }
  };
}
