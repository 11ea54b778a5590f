import type { Observer, ServeOptions, ServerEvent } from "../mod.ts";
import type { ServiceOptions } from "./service_module.ts";
import { SERVE_OPTIONS, type Settings } from "./settings.ts";

const DEFAULT_HOSTNAME = "127.0.0.1";
const DEFAULT_PORT = 8080;

/** The options that the command line passes to `serve()`. */
export type CliServeOptions = Omit<ServiceOptions, "observer"> &
  Required<Pick<ServeOptions<unknown>, "hostname" | "port">> & { readonly observer: Observer };

/**
 * Merges the options: settings take precedence over the service, and the service over the defaults. `log` receives every event, and
 * so does the service's observer. Errors that this observer throws go to `onObserverError`: otherwise the core would write them to
 * stderr, outside the log, and wait for stderr.
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
    observer: observer === undefined ? log : both(log, [observer].flat(), onObserverError),
  };
}

function both(
  log: Observer,
  own: readonly Observer[],
  onError: (error: unknown, event: ServerEvent) => void,
): Observer {
  return (event) => {
    log(event);
    for (const observer of own) {
      try {
        observer(event);
      } catch (error) {
        onError(error, event);
      }
    }
  };
}
