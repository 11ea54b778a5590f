import type { Option } from "commander";
import { CODEC_NAMES } from "../codec_spec.ts";
import { SETTINGS } from "../settings.ts";
import { SORT_KEYS } from "../top/columns.ts";

/** The values that may stand in a place: some words, files, or both. */
export interface Values {
  readonly words: readonly string[];
  readonly files: boolean;
}

const FILES: Values = { words: [], files: true };
const ANYTHING: Values = { words: [], files: false };

/** Returns the values of an option. */
export function valuesOfOption({ flags, long }: Option): Values {
  if (flags.endsWith("<file>")) return FILES;
  if (long === "--codec") return { words: CODEC_NAMES, files: false };
  if (long === "--sort") return { words: SORT_KEYS, files: false };
  const words = SETTINGS.find(({ option }) => option === long)?.choices;
  return words === undefined ? ANYTHING : { words, files: false };
}

/** Returns the values of an argument, by its name. */
export function valuesOfArgument(name: string, commands: readonly string[]): Values {
  if (name === "service") return { words: ["compute", "echo"], files: true };
  if (name === "shell") return { words: SHELLS, files: false };
  return name === "command" ? { words: commands, files: false } : ANYTHING;
}

/** The shells that have a script. */
export const SHELLS = ["bash", "zsh", "fish"] as const;
