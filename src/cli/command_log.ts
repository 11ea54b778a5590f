import type { Logger, LogLevel } from "@logtape/logtape";
import { LogOutput } from "../core/mod.ts";
import type { Environment } from "./environment.ts";
import { startLog } from "./log.ts";
import type { Settings } from "./setting.ts";

/** Returns the logger. The first call starts the log. */
export interface Log {
  (): Logger;
  setLevel(level: LogLevel): void;
}

/** Returns a function that starts logging on its first call. */
export function logOf(
  { logLevel = "info", logFormat = "pretty" }: Settings,
  { link, onListening, stdio }: Environment,
): Log {
  let logger: Logger | undefined;
  // Of a check only errors are news; `debug` adds their stacks.
  const first = onListening === undefined || logLevel === "debug" ? logLevel : "error";
  const output = new LogOutput(stdio.err);
  const start = (level: LogLevel) =>
    startLog({ level, format: logFormat, colors: stdio.colors, output, worker: link?.assignment.slot });
  const log = () => {
    logger ??= start(first);
    return logger;
  };
  return Object.assign(log, { setLevel: (level: LogLevel) => void (logger = start(level)) });
}
