import { type Command, InvalidArgumentError, Option } from "commander";
import { parsePool, parseTimeout, parseUpTo, parseWholeNumber } from "./option_values.ts";
import type { ServeFlags } from "./serve_flags.ts";

/** The options as commander parses them, with those of `serve`. */
export interface SimulateFlags extends ServeFlags {
  readonly seeds: number;
  readonly seed: number;
  readonly clients: number;
  readonly faults: number;
  readonly duration: number;
  readonly frame?: readonly string[];
  readonly frames?: string;
  readonly ignore?: readonly string[];
  readonly timeLimit?: number;
  readonly json?: true;
}

const SIMULATION = "Simulation:";
/** More clients than this take minutes for a seed. */
const MOST_CLIENTS = 1_000;
/** A seed longer than this is a mistake. */
const LONGEST_MS = 24 * 3_600_000;

/** Declares the options on a command. */
export function addSimulateFlags(command: Command): void {
  for (const known of OPTIONS()) command.addOption(known.helpGroup(SIMULATION));
}

const OPTIONS = (): readonly Option[] => [
  new Option("-n, --seeds <count>", "seeds to try").argParser(parsePool).default(100),
  new Option("--seed <number>", "the first of them").argParser(parseSeed).default(1),
  new Option("--clients <count>", "connections in a seed").argParser(parseUpTo(MOST_CLIENTS)).default(8),
  new Option("--faults <count>", "faults of the network and of the process in a seed")
    .argParser(parseFaults)
    .default(6),
  new Option("--duration <duration>", "virtual time in which clients come, before the drain")
    .argParser(parseSpan)
    .default(60_000, "1m"),
  new Option("--frame <text>", "a frame that clients send; may be repeated").argParser(
    (text: string, before: unknown) => [...listOf(before), text],
  ),
  new Option("--frames <file>", "file with such frames, one a line"),
  new Option("--ignore <kinds>", "faults that are none here, such as handler-failed").argParser(
    (text: string, before: unknown) => [...listOf(before), ...text.split(",").map((kind) => kind.trim())],
  ),
  new Option("--time-limit <duration>", "real time after which no more seeds are tried (default: off)").argParser(
    parseTimeout,
  ),
  new Option("--json", "print the result as JSON"),
];

function parseSeed(text: string): number {
  const seed = parseWholeNumber(text);
  if (seed === undefined) throw new InvalidArgumentError("write a whole number of at least 0");
  return seed;
}

function parseFaults(text: string): number {
  const faults = parseWholeNumber(text);
  if (faults === undefined || faults > 1_000) throw new InvalidArgumentError("write a whole number from 0 to 1000");
  return faults;
}

function parseSpan(text: string): number {
  const ms = parseTimeout(text);
  if (ms > LONGEST_MS) throw new InvalidArgumentError("it must be at most 24h");
  return ms;
}

/** Returns the earlier values of an option as a list. */
function listOf(before: unknown): readonly string[] {
  return Array.isArray(before) ? (before as string[]) : [];
}
