/** The destination and the format of log records. Everything that this process logs with LogTape goes there. */
import {
  configureSync,
  getAnsiColorFormatter,
  getJsonLinesFormatter,
  getLogger,
  getTextFormatter,
  type Logger,
  type LogLevel,
  type LogRecord,
  type TextFormatter,
  type TextFormatterOptions,
} from "@logtape/logtape";
import { escapeText, type LogOutput } from "../core/mod.ts";

/** The values of `--log-level`: each logs its level and the more severe ones. */
export const LOG_LEVELS = ["debug", "info", "warning", "error"] as const;
/** The values of `--log-format`. */
export const LOG_FORMATS = ["pretty", "json"] as const;

/** Settings of {@link startLog}. */
export interface LogOptions {
  readonly level: LogLevel;
  readonly format: (typeof LOG_FORMATS)[number];
  /** Whether pretty logs are coloured. */
  readonly colors: boolean;
  readonly output: LogOutput;
  /** The number of the worker that logs, if it is one. */
  readonly worker?: number | undefined;
}

/** Matches characters that hide or reorder text, or break a line. */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;
/** The characters that the formatters themselves write: line ends and the start of a colour. LogTape escapes both in its input. */
const OWN = new Set(["\n", "\u001b"]);

/** Starts logging, in place of an earlier log. Returns the logger of the command line. */
export function startLog({ level, format, colors, output, worker }: LogOptions): Logger {
  const render = format === "json" ? jsonFormatter(worker) : prettyFormatter(colors, worker);
  configureSync({
    reset: true,
    sinks: { lines: (record: LogRecord) => output.add(render(record)) },
    loggers: [
      { category: [], sinks: ["lines"], lowestLevel: level },
      // The category of LogTape itself, which logs a greeting at level info.
      { category: ["logtape", "meta"], lowestLevel: level === "error" || level === "fatal" ? level : "warning" },
    ],
  });
  const logger = getLogger("spillway");
  output.onDropped = (lines) => {
    const count = lines.toLocaleString("en-US");
    logger.warning("the log was blocked: {count} lines were dropped", { event: "log-dropped", count, lines });
  };
  return logger;
}

/** Formats each record as one JSON object in a line; the fields of the record stand beside its message. */
function jsonFormatter(worker: number | undefined): TextFormatter {
  const json = getJsonLinesFormatter({ properties: "flatten", message: "template" });
  const sentence = getTextFormatter({ value: "bare", timestamp: "none", format: ({ message }) => message });
  const from = ({ properties }: LogRecord) => (worker === undefined ? {} : { properties: { worker, ...properties } });
  // The template is replaced with the rendered sentence: the formatter's own rendering quotes each value.
  return (record) =>
    escapeUnsafe(json({ ...record, ...from(record), rawMessage: sentence(record).slice(0, -1) }), (character) =>
      Array.from({ length: character.length }, (_, i) => unicodeEscape(character.charCodeAt(i))).join(""),
    );
}

function escapeUnsafe(text: string, escape: (character: string) => string): string {
  return text.replace(UNSAFE, (character) => (OWN.has(character) ? character : escape(character)));
}

function unicodeEscape(unit: number): string {
  return `\\u${unit.toString(16).padStart(4, "0")}`;
}

/** Formats each record as one line for people, followed by the stack of an error that a handler threw. */
function prettyFormatter(colors: boolean, worker: number | undefined): TextFormatter {
  const from = worker === undefined ? "" : `[worker ${worker}] `;
  const options: TextFormatterOptions = {
    value: "bare",
    timestamp: "date-time-timezone",
    timeZone: null,
    format: ({ timestamp, level, message, record }) => `${timestamp} ${level} ${from}${message}${stackOf(record)}`,
  };
  const pretty = colors ? getAnsiColorFormatter(options) : getTextFormatter(options);
  return (record) => escapeUnsafe(pretty(record), (character) => escapeText(character, 2));
}

/** Returns the stacks of an error and its causes, indented; their text may quote bytes of a peer. */
function stackOf({ properties }: LogRecord): string {
  // The error that broke a connection was logged when it happened.
  if (properties.event === "connection-closed") return "";
  let text = "";
  let error = properties.cause as { stack?: unknown; cause?: unknown } | undefined;
  for (let label = ""; typeof error?.stack === "string"; error = error.cause as typeof error, label = "caused by: ") {
    for (const line of (label + error.stack).split("\n")) text += `\n  ${escapeText(line, line.length)}`;
  }
  return text;
}
