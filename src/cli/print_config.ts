import { resolveLimits } from "../core/mod.ts";
import type { Given } from "./given.ts";
import type { CliServeOptions } from "./serve_options.ts";
import { doesNotApply } from "./service.ts";
import type { ServiceOptions } from "./service_module.ts";
import type { Setting, SettingName } from "./setting.ts";
import { SETTINGS } from "./settings.ts";

/** The input of `--print-config`. */
export interface PrintedConfig {
  /** The name of the service, as the user wrote it. */
  readonly name: string;
  /** The options that the service itself sets. */
  readonly service: ServiceOptions;
  readonly given: Given;
  readonly options: CliServeOptions;
}

/**
 * Returns, as JSON, each setting that applies, its value in the form of a configuration file, and its origin: an option, an
 * environment variable, a file, the service, or `default`.
 *
 * @throws {TypeError | RangeError} an invalid limit of the service
 */
export function configText({ name, service, given, options }: PrintedConfig): string {
  const { bus, codec, listen, unixMode = service.mode } = given.settings;
  const values: Partial<Record<SettingName, unknown>> = {
    ...given.settings,
    ...options,
    ...resolveLimits(options),
    // The options of a service have these names for something else.
    bus,
    codec,
    listen,
    unixMode,
  };
  const applying = SETTINGS.filter((setting) => applies(setting.name, name, { service, given }));
  const settings: Record<string, unknown> = {};
  for (const setting of applying) {
    const value = values[setting.name];
    const from = given.origins[setting.name]?.source ?? (says(service, setting) ? name : "default");
    if (value !== undefined || setting.fallback !== undefined) {
      settings[setting.name] = { value: written(setting, value ?? defaultOf(setting)), from };
    }
  }
  return `${JSON.stringify({ service: name, settings }, null, 2)}\n`;
}

/** Reports whether a setting has a meaning for a service. A hostname and a port have none where `listen` says it all. */
function applies(
  setting: SettingName,
  name: string,
  { service, given }: Pick<PrintedConfig, "service" | "given">,
): boolean {
  const { listen, hostname, port } = given.settings;
  if (setting === "hostname" || setting === "port") {
    if (listen !== undefined) return false;
    if (hostname !== undefined || port !== undefined) return true;
    return service.listen === undefined && service.path === undefined && service.fd === undefined;
  }
  return doesNotApply(setting, name, given.settings) === undefined;
}

/** Reports whether the service sets the option itself. */
function says(service: ServiceOptions, { name }: Setting): boolean {
  if (name === "unixMode") return service.mode !== undefined;
  return name !== "codec" && name !== "listen" && Object.hasOwn(service, name);
}

function defaultOf({ parse, fallback = "" }: Setting): unknown {
  return parse(fallback);
}

/** Writes a value as in a configuration file. JSON cannot represent `Infinity`. */
function written({ written: write }: Setting, value: unknown): unknown {
  if (write !== undefined) return write(value as never);
  return value === Infinity ? "off" : value;
}
