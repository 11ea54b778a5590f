import { type Command, Option } from "commander";
import { type CodecSpec, parseCodecSpec } from "./codec_spec.ts";
import { LOG_FORMATS, LOG_LEVELS, type LogOptions } from "./log.ts";
import { parseCount, parseDelay, parseHostname, parsePool, parsePort, parseTimeout } from "./option_values.ts";

/** What was given to `spillway serve`; what is absent was not given. */
export interface ServeFlags {
  readonly hostname?: string;
  readonly port?: number;
  readonly delay?: number;
  readonly codec?: CodecSpec;
  readonly prefix?: string;
  readonly maxFrameBytes?: number;
  readonly pool?: number;
  readonly idleTimeout?: number;
  readonly frameTimeout?: number;
  readonly handlerTimeout?: number;
  readonly writeTimeout?: number;
  readonly handshakeTimeout?: number;
  readonly lifetime?: number;
  readonly drainTimeout?: number;
  readonly maxConnections?: number;
  readonly concurrency?: number;
  readonly maxConcurrentHandlers?: number;
  readonly logLevel?: LogOptions["level"];
  readonly logFormat?: LogOptions["format"];
}

type Row = readonly [flags: string, description: string, parse: (text: string) => unknown];

/** Defaults stand in the text only: a service module has its own, and what was given must win over those. */
const GROUPS: Readonly<Record<string, readonly Row[]>> = {
  "Where to listen:": [
    ["--hostname <address>", "name or numeric address; 0.0.0.0 or :: for all (default: 127.0.0.1)", parseHostname],
    ["--port <number>", "0 takes any free one (default: 8080)", parsePort],
  ],
  "Of one service:": [
    ["--delay <duration>", "compute: how long it takes for each line (default: 2s)", parseDelay],
    ["--codec <spec>", "echo: how frames are marked, see below (default: lines)", parseCodecSpec],
    ["--prefix <text>", "echo: what goes before each payload (default: nothing)", (text) => text],
    ["--max-frame-bytes <count>", "compute, echo: the longest payload (default: 65536)", parseCount],
    ["--pool <workers>", "a module: its handler runs in so many threads (default: on the event loop)", parsePool],
  ],
  "Limits (durations such as 250ms, 5s, 5m, 1h; off for none):": [
    ["--idle-timeout <duration>", "no byte while nothing is in flight (default: 5m)", parseTimeout],
    ["--frame-timeout <duration>", "a frame was begun and is not whole (default: 30s)", parseTimeout],
    [
      "--handler-timeout <duration>",
      "a frame is not answered (default: 30s, compute: more than --delay)",
      parseTimeout,
    ],
    ["--write-timeout <duration>", "the other side takes nothing (default: 30s)", parseTimeout],
    ["--handshake-timeout <duration>", "a handshake that a service asks for (default: 10s)", parseTimeout],
    ["--lifetime <duration>", "how long a connection may be open (default: off)", parseTimeout],
    ["--drain-timeout <duration>", "what a drain may take before it aborts the rest (default: 10s)", parseTimeout],
    ["--max-connections <count>", "connections at once; more wait (default: 65536)", parseCount],
    ["--concurrency <count>", "frames of one connection at once (default: 1)", parseCount],
    [
      "--max-concurrent-handlers <count>",
      "asynchronous handlers of all connections at once (default: 65536)",
      parseCount,
    ],
  ],
};

/** Declares the options of {@link ServeFlags}. */
export function addServeFlags(command: Command): Command {
  for (const [heading, rows] of Object.entries(GROUPS)) {
    for (const [flags, description, parse] of rows) {
      command.addOption(new Option(flags, description).argParser(parse).helpGroup(heading));
    }
  }
  return command
    .addOption(
      new Option("--log-level <level>", "this and what is more severe (default: info)")
        .choices(LOG_LEVELS)
        .helpGroup("Logs, on stderr:"),
    )
    .addOption(
      new Option("--log-format <format>", "for people or for programs (default: pretty)")
        .choices(LOG_FORMATS)
        .helpGroup("Logs, on stderr:"),
    );
}
