import { RootCommand, ShellCompDirective } from "@bomb.sh/tab";
import type { Command, Option } from "commander";
import { type Values, valuesOfArgument, valuesOfOption } from "./known_values.ts";

/**
 * Returns the answer to a request of a script: a line for each completion of the last word, with its description behind
 * a tab, and a line `:` with a directive.
 */
export function completions(program: Command, words: readonly string[]): string {
  let files = false;
  const root = rootOf(program, (values) => {
    files ||= values.files;
  });
  // `--option=value` is asked for as `--option value`: the library compares the value with the whole word.
  const [, option, value] = /^(--[^=]+)=(.*)$/s.exec(words.at(-1) ?? "") ?? [];
  const asked = option === undefined ? [...words] : [...words.slice(0, -1), option, value ?? ""];
  const lines = printed(() => root.parse(asked.length === 0 ? [""] : asked));
  // A tab without a description makes zsh show an empty one.
  const found = lines.filter((line) => !/^:\d+$/.test(line)).map((line) => line.trimEnd());
  const directive = files
    ? ShellCompDirective.ShellCompDirectiveDefault
    : ShellCompDirective.ShellCompDirectiveNoFileComp;
  return [...found, `:${directive}`, ""].join("\n");
}

/** Describes the commands to the library. `onAsked` is called with the values that stand in the place of the last word. */
function rootOf(program: Command, onAsked: (values: Values) => void): RootCommand {
  const root = new RootCommand();
  const help = program.createHelp();
  const names = program.commands.map((command) => command.name());
  const asking = (values: Values) => (complete: (value: string, description: string) => void) => {
    onAsked(values);
    for (const word of values.words) complete(word, "");
  };
  for (const option of help.visibleOptions(program)) addOption(root, option, asking);
  for (const command of help.visibleCommands(program)) {
    const known = root.command(command.name(), command.description());
    for (const option of help.visibleOptions(command)) addOption(known, option, asking);
    for (const argument of command.registeredArguments) {
      known.argument(argument.name(), asking(valuesOfArgument(argument.name(), names)), argument.variadic);
    }
  }
  return root;
}

type Known = Pick<RootCommand, "option">;
type Asking = (values: Values) => (complete: (value: string, description: string) => void) => void;

function addOption(command: Known, option: Option, asking: Asking): void {
  const name = option.long?.slice(2);
  if (name === undefined) return;
  const letter = option.short?.slice(1);
  if (option.required || option.optional) {
    command.option(name, option.description, asking(valuesOfOption(option)), letter);
  } else if (letter === undefined) command.option(name, option.description);
  else command.option(name, option.description, letter);
}

/** Returns the lines that the library prints: it has no other way to say what it has found. */
function printed(work: () => void): readonly string[] {
  const lines: string[] = [];
  const { log } = console;
  console.log = (line: string) => void lines.push(...line.split("\n"));
  try {
    work();
  } finally {
    console.log = log;
  }
  return lines;
}

/** Returns the script for a shell that the library makes. */
export function scriptOf(shell: "zsh" | "fish"): string {
  const lines = printed(() => new RootCommand().setup("spillway", "spillway", shell));
  // Zsh takes what stands behind a colon for the description, unless a backslash stands before it.
  return `${lines.join("\n").replace("comp=${comp//:/\\:}", "comp=${comp//:/\\\\:}")}\n`;
}
