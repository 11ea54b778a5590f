import { resolveLimits } from "../core/mod.ts";
import type { Given } from "./given.ts";
import type { CliServeOptions } from "./serve_options.ts";
import { doesNotApply } from "./service.ts";
import type { ServiceOptions } from "./service_module.ts";
import { SETTINGS, type Setting, type SettingName } from "./settings.ts";

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

/** Reports whether the service sets the option itself. The codec object of a service is not the setting `codec`. */
function says(service: ServiceOptions, { name }: Setting): boolean {
  return name !== "codec" && Object.hasOwn(service, name);
}

function defaultOf({ name, parse, fallback = "" }: Setting): unknown {
  return name === "codec" ? fallback : parse(fallback);
}

/** Replaces `Infinity`, which JSON cannot represent. */
function plain(value: unknown): unknown {
  return value === Infinity ? "off" : value;
}
