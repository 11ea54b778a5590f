import { isPromiseLike } from "../core/mod.ts";
import type { Observer, ServerEvent } from "../mod.ts";
import { SERVE_OPTIONS } from "./limit_settings.ts";
import type { ServiceOptions } from "./service_module.ts";
import type { Settings } from "./setting.ts";

const DEFAULT_HOSTNAME = "127.0.0.1";
const DEFAULT_PORT = 8080;

/** The options that the command line passes to `serve()`. */
export type CliServeOptions = Omit<ServiceOptions, "observer" | "workers"> & { readonly observer: Observer };

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
  const { observer, workers: _, ...alone } = service;
  return {
    ...placed(alone, settings),
    ...(Object.fromEntries(set) as Partial<ServiceOptions>),
    observer: observer === undefined ? log : both(log, [observer].flat(), onObserverError),
  };
}

/** The options that say where a server listens, other than `hostname` and `port`. */
const ELSEWHERE: readonly (keyof ServiceOptions)[] = ["path", "mode", "fd", "listen"];
/** The options of that one port. */
const ONE_PORT: readonly (keyof ServiceOptions)[] = ["hostname", "port", "ipv6Only", "reusePort"];

/** Replaces what the service says about where it listens, if the settings say it. */
function placed(service: ServiceOptions, { listen, hostname, port, unixMode }: Settings): ServiceOptions {
  if (listen !== undefined) return without(service, [...ELSEWHERE, ...ONE_PORT]);
  const isElsewhere = ELSEWHERE.some((name) => service[name] !== undefined);
  if (isElsewhere && hostname === undefined && port === undefined) {
    return unixMode === undefined || service.path === undefined ? service : { ...service, mode: unixMode };
  }
  return {
    ...without(service, ELSEWHERE),
    hostname: hostname ?? service.hostname ?? DEFAULT_HOSTNAME,
    port: port ?? service.port ?? DEFAULT_PORT,
  };
}

function without(service: ServiceOptions, names: readonly (keyof ServiceOptions)[]): ServiceOptions {
  const kept = Object.entries(service).filter(([name]) => !names.includes(name as keyof ServiceOptions));
  return Object.fromEntries(kept) as unknown as ServiceOptions;
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
        const result: unknown = observer(event);
        if (isPromiseLike(result)) result.then(undefined, (error: unknown) => onError(error, event));
      } catch (error) {
        onError(error, event);
      }
    }
  };
}
