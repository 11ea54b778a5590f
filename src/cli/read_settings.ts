import { configFileSettings } from "./config_file.ts";
import type { Environment } from "./environment.ts";
import { CONFIG_VARIABLE, environmentSettings } from "./environment_settings.ts";
import { usageFailure } from "./failure.ts";
import { type Given, given } from "./given.ts";
import { flagSettings, type ServeFlags } from "./serve_flags.ts";

/** Options take precedence over the environment, and the environment over a file. */
export async function readSettings(flags: ServeFlags, { variables, cwd }: Environment): Promise<Given> {
  const fromEnvironment = environmentSettings(variables);
  if (flags.config === "") throw usageFailure("option '--config' requires the path of a file");
  const file = flags.config ?? variables[CONFIG_VARIABLE] ?? "";
  const fromFile = file === "" ? [] : await configFileSettings(file, cwd);
  return given(fromFile, fromEnvironment, flagSettings(flags));
}
