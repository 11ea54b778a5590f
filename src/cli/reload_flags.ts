import { type Command, Option } from "commander";
import { parseFile, parseInterval, parseUpTo } from "./option_values.ts";

/** The options as commander parses them. */
export interface ReloadFlags {
  readonly tokenFile?: string;
  readonly worker?: number;
  readonly timeout?: number;
  readonly pidFile?: string;
}

const MOST_WORKERS = 1_024;

/** Declares the options on a command. */
export function addReloadFlags(command: Command): void {
  command
    .addOption(new Option("--token-file <file>", "token of the endpoint").argParser(parseFile))
    .addOption(
      new Option("--worker <number>", "replace only this worker (default: all)").argParser(parseUpTo(MOST_WORKERS)),
    )
    .addOption(new Option("--timeout <duration>", "longest wait for the end (default: 10m)").argParser(parseInterval))
    .addOption(
      new Option("--pid-file <file>", "send SIGHUP to the process of serve --pid-file, and wait for nothing").argParser(
        parseFile,
      ),
    );
}
