import { resolveLimits } from "../core/mod.ts";
import type { Given } from "./given.ts";
import type { CliServeOptions } from "./serve_options.ts";
import { doesNotApply } from "./service.ts";
import type { ServiceOptions } from "./service_module.ts";
import { SETTINGS, type Setting, type SettingName } from "./settings.ts";

/** What `--print-config` is about. */
export interface PrintedConfig {
  /** As it was asked for. */
  readonly name: string;
  /** What it says itself. */
  readonly service: ServiceOptions;
  readonly given: Given;
  readonly options: CliServeOptions;
}

/**
 * JSON: each setting that applies, its value as a configuration file would have it, and where it comes from: an option, an
 * environment variable, a file, the service, or `default`.
 *
 * @throws {TypeError | RangeError} a limit of the service that makes no sense
 */
export function configText({ name, service, given, options }: PrintedConfig): string {
  const values: Partial<Record<SettingName, unknown>> = { ...given.settings, ...options, ...resolveLimits(options) };
  const applying = SETTINGS.filter((setting) => doesNotApply(setting.name, name, given.settings) === undefined);
  const settings: Record<string, unknown> = {};
  for (const setting of applying) {
    const value = setting.name === "codec" ? given.settings.codec?.text : values[setting.name];
    const from = given.origins[setting.name]?.source ?? (says(service, setting) ? name : "default");
    if (value !== undefined || setting.fallback !== undefined) {
      settings[setting.name] = { value: plain(value ?? defaultOf(setting)), from };
    }
  }
  return `${JSON.stringify({ service: name, settings }, null, 2)}\n`;
}

/** A service has a codec too, but that is no setting. */
function says(service: ServiceOptions, { name }: Setting): boolean {
  return name !== "codec" && Object.hasOwn(service, name);
}

function defaultOf({ name, parse, fallback = "" }: Setting): unknown {
  return name === "codec" ? fallback : parse(fallback);
}

/** JSON knows no `Infinity`. */
function plain(value: unknown): unknown {
  return value === Infinity ? "off" : value;
}
