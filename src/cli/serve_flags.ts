/** The settings as options of `spillway serve`. The table is in settings.ts. */
import { type Command, Option } from "commander";
import type { ReadSetting } from "./given.ts";
import { SETTINGS, type Setting } from "./settings.ts";

/** What commander makes of the options. */
export interface ServeFlags {
  readonly config?: string;
  readonly printConfig?: true;
  readonly [attribute: string]: unknown;
}

const CONFIG = "Configuration:";

/** Declares the options. */
export function addServeFlags(command: Command): Command {
  for (const { setting, option } of OPTIONS) command.addOption(option().argParser(setting.parse));
  return command
    .addOption(
      new Option(
        "--config <file>",
        "JSON file or module with settings; options and the environment override it",
      ).helpGroup(CONFIG),
    )
    .addOption(new Option("--print-config", "print every setting with its source, and exit").helpGroup(CONFIG));
}

/** What was given as an option. */
export function flagSettings(flags: ServeFlags): ReadSetting[] {
  return OPTIONS.flatMap(({ setting: { name, option: source }, option }) => {
    const value = flags[option().attributeName()];
    return value === undefined ? [] : [{ name, value, origin: { source, text: `option '${source}'` } }];
  });
}

const OPTIONS = SETTINGS.map((setting) => ({ setting, option: () => optionOf(setting) }));

/** Defaults stand in the text only: a service module has its own, and what was given must win over those. */
function optionOf({ letter, option, placeholder, description, fallback, group }: Setting): Option {
  const names = letter === undefined ? option : `${letter}, ${option}`;
  const text = fallback === undefined ? description : `${description} (default: ${fallback})`;
  return new Option(`${names} ${placeholder}`, text).helpGroup(group);
}
