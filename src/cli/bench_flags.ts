import { type Command, InvalidArgumentError, Option } from "commander";
import { type CodecSpec, parseCodecSpec } from "./codec_spec.ts";
import {
  parseCount,
  parseDelay,
  parseInterval,
  parsePool,
  parsePositive,
  parseTimeout,
  parseUpTo,
} from "./option_values.ts";
import { addTlsClientFlags, type TlsClientFlags } from "./tls_client_flags.ts";

/** The options as commander parses them. */
export interface BenchFlags extends TlsClientFlags {
  readonly connections: number;
  readonly inFlight?: number;
  readonly framesPerConnection: number;
  readonly rate?: number;
  readonly duration: number;
  readonly warmUp: number;
  readonly timeout: number;
  readonly connectTimeout: number;
  readonly frame?: string;
  readonly frameBytes?: number;
  readonly expect?: string;
  readonly codec: CodecSpec;
  readonly maxFrameBytes?: number;
  readonly processes: number;
  readonly json?: true;
  /** This process is one of several, and gets its part of the load on stdin. */
  readonly part?: true;
}

/** More processes than this only wait for each other. */
const MOST_PROCESSES = 64;
/** A frame is in memory several times. */
const MOST_FRAME_BYTES = 67_108_864;

const LOAD = "Load:";
const FRAMES = "Frames:";

/** A bench longer than this is a mistake, and its distributions would not hold the times. */
const LONGEST_MS = 24 * 3_600_000;

/** Declares the options on a command. */
export function addBenchFlags(command: Command): void {
  for (const known of OPTIONS) command.addOption(known);
  addTlsClientFlags(command);
}

const OPTIONS: readonly Option[] = [
  option(LOAD, "-c, --connections <count>", "connections at once", parsePool, 50),
  option(
    LOAD,
    "--in-flight <count>",
    "most unanswered frames of a connection (default: 1; 128 with --rate)",
    parsePool,
  ),
  option(
    LOAD,
    "--frames-per-connection <count>",
    "frames after which a connection is closed and replaced",
    parseCount,
    Infinity,
    "off",
  ),
  option(
    LOAD,
    "--rate <count>",
    "frames per second in total, sent at planned instants; times count from those (default: as fast as replies come)",
    parseFrameRate,
  ),
  option(LOAD, "-d, --duration <duration>", "time that is measured", parseDuration, 10_000, "10s"),
  option(LOAD, "--warm-up <duration>", "time before that, which is not measured", parseDelay, 1_000, "1s"),
  option(LOAD, "--timeout <duration>", "time for the last replies after the end", parseTimeout, 5_000, "5s"),
  option(LOAD, "--connect-timeout <duration>", "time to connect, TLS included", parseTimeout, 10_000, "10s"),
  option(
    LOAD,
    "--processes <count>",
    "processes that share the connections and the rate",
    parseUpTo(MOST_PROCESSES),
    1,
  ),
  option(FRAMES, "--codec <spec>", "the framing, see below", parseCodecSpec, parseCodecSpec("lines"), "lines"),
  option(FRAMES, "--frame <text>", "content of each frame"),
  option(
    FRAMES,
    "--frame-bytes <count>",
    "length of each frame, all of it x (default: 64)",
    parseUpTo(MOST_FRAME_BYTES),
  ),
  option(FRAMES, "--expect <text>", "text that each reply must contain; others are errors (default: anything)"),
  option(FRAMES, "--max-frame-bytes <count>", "largest reply (default: 65536)", parseCount),
  option("Output:", "--json", "print the result as JSON"),
  new Option("--part", "one of several processes").hideHelp(),
];

function option(
  group: string,
  flags: string,
  description: string,
  parse?: (text: string) => unknown,
  value?: unknown,
  text?: string,
): Option {
  const made = new Option(flags, description).helpGroup(group);
  if (parse !== undefined) made.argParser(parse);
  return value === undefined ? made : made.default(value, text);
}

/** Parses the duration of a bench: more than 0, and at most a day. */
function parseDuration(text: string): number {
  if (text === "off") throw new InvalidArgumentError("write a duration such as 10s or 5m, at most 24h");
  const ms = parseInterval(text);
  if (ms > LONGEST_MS) throw new InvalidArgumentError("it must be at most 24h");
  return ms;
}

/** Parses a number of frames per second. */
function parseFrameRate(text: string): number {
  const rate = parsePositive(text);
  if (rate !== undefined) return rate;
  throw new InvalidArgumentError(
    "write a number above 0, such as 5000; without this option, frames are sent as fast as replies come",
  );
}
