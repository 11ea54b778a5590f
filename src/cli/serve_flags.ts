/** Declares the settings as options of `spillway serve`. Their table is in settings.ts. */
import { type Command, Option } from "commander";
import type { ReadSetting } from "./given.ts";
import type { Setting } from "./setting.ts";
import { SETTINGS } from "./settings.ts";

/** The options as commander parses them. */
export interface ServeFlags {
  readonly config?: string;
  readonly printConfig?: true;
  readonly watch?: true;
  readonly [attribute: string]: unknown;
}

const CONFIG = "Configuration:";

/** Declares the options on a command. */
export function addServeFlags(command: Command): Command {
  for (const { setting, option } of OPTIONS) command.addOption(option().argParser(parserOf(setting)));
  return command
    .addOption(
      new Option(
        "--config <file>",
        "JSON file or module with settings; options and the environment override it",
      ).helpGroup(CONFIG),
    )
    .addOption(
      new Option("--watch", "replace the workers (by default one) when files beside the module change").helpGroup(
        CONFIG,
      ),
    )
    .addOption(new Option("--print-config", "print every setting with its source, and exit").helpGroup(CONFIG));
}

/** Returns the settings that options give. */
export function flagSettings(flags: ServeFlags): ReadSetting[] {
  return OPTIONS.flatMap(({ setting: { name, option: source }, option }) => {
    const value = flags[option().attributeName()];
    return value === undefined ? [] : [{ name, value, origin: { source, text: `option '${source}'` } }];
  });
}

const OPTIONS = SETTINGS.map((setting) => ({ setting, option: () => optionOf(setting) }));

/** A list that is given several times is one list. */
function parserOf({ parse, parseElement }: Setting): (text: string, before: unknown) => unknown {
  if (parseElement === undefined) return parse;
  return (text, before = []) => [...(before as readonly unknown[]), ...(parse(text) as readonly unknown[])];
}

/** The default appears only in the text: a service module has defaults of its own, which only an explicit option overrides. */
function optionOf({ letter, option, placeholder, description, fallback, group }: Setting): Option {
  const names = letter === undefined ? option : `${letter}, ${option}`;
  const text = fallback === undefined ? description : `${description} (default: ${fallback})`;
  return new Option(`${names} ${placeholder}`, text).helpGroup(group);
}
