import { type Command, InvalidArgumentError, Option } from "commander";
import { parseChoice, parseFile, parseInterval, parseUpTo } from "./option_values.ts";
import { SORT_KEYS, type SortKey } from "./top/columns.ts";

/** The options as commander parses them. */
export interface TopFlags {
  readonly sort: SortKey;
  readonly reverse?: true;
  readonly filterAddress?: string;
  readonly filterGroup?: string;
  readonly limit: number;
  readonly interval: number;
  readonly once?: true;
  readonly json?: true;
  readonly tokenFile?: string;
}

const MOST_ROWS = 10_000;
/** The most characters of a filter: the endpoint takes targets of up to 2,048. */
const MOST_FILTER = 128;
const INTERVAL_MS = { least: 100, most: 3_600_000 };

/** Declares the options on a command. */
export function addTopFlags(command: Command): void {
  command
    .addOption(
      new Option("--sort <key>", `order of the connections: ${SORT_KEYS.join(", ")}`)
        .argParser(parseChoice(SORT_KEYS))
        .default("in"),
    )
    .addOption(new Option("--reverse", "reverse the order"))
    .addOption(
      new Option("--filter-address <text>", "only connections whose address contains this").argParser(parseFilter),
    )
    .addOption(new Option("--filter-group <name>", "only connections in this group").argParser(parseFilter))
    .addOption(
      new Option("--limit <count>", "most connections that are asked for")
        .argParser(parseUpTo(MOST_ROWS))
        .default(1_000),
    )
    .addOption(
      new Option("--interval <duration>", "time between two looks").argParser(parseLookInterval).default(1_000, "1s"),
    )
    .addOption(new Option("--once", "print one table, after two looks for the rates, and exit"))
    .addOption(new Option("--json", "with --once: print one JSON object"))
    .addOption(
      new Option("--token-file <file>", "token of the endpoint, with which connections can be closed").argParser(
        parseFile,
      ),
    );
}

function parseLookInterval(text: string): number {
  const ms = parseInterval(text);
  if (ms < INTERVAL_MS.least || ms > INTERVAL_MS.most) throw new InvalidArgumentError("it must be from 100ms to 1h");
  return ms;
}

function parseFilter(text: string): string {
  if (text !== "" && text.length <= MOST_FILTER) return text;
  throw new InvalidArgumentError(`write 1 to ${MOST_FILTER} characters`);
}
