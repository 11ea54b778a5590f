/** Where log records go and what they look like. Everything that is logged with LogTape in this process goes there. */
import {
  configureSync,
  getAnsiColorFormatter,
  getJsonLinesFormatter,
  getLogger,
  getTextFormatter,
  type Logger,
  type LogRecord,
  type TextFormatter,
  type TextFormatterOptions,
} from "@logtape/logtape";
import { escapeText } from "../core/mod.ts";
import type { LogOutput } from "./log_output.ts";

/** What can be asked for with `--log-level`: that level and what is more severe. */
export const LOG_LEVELS = ["debug", "info", "warning", "error"] as const;
/** What can be asked for with `--log-format`. */
export const LOG_FORMATS = ["pretty", "json"] as const;

/** Settings of {@link startLog}. */
export interface LogOptions {
  readonly level: (typeof LOG_LEVELS)[number];
  readonly format: (typeof LOG_FORMATS)[number];
  /** Whether pretty logs are coloured. */
  readonly colors: boolean;
  readonly output: LogOutput;
}

/** Characters that hide or reorder text, or break a line. */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;
/** The formatters' own: the end of a line, and the begin of a colour. LogTape escapes both in what it is given. */
const OWN = new Set(["\n", "\u001b"]);

/** Begins to log; takes the place of an earlier log. Returns the logger of the command line. */
export function startLog({ level, format, colors, output }: LogOptions): Logger {
  const render = format === "json" ? jsonFormatter() : prettyFormatter(colors);
  configureSync({
    reset: true,
    sinks: { lines: (record: LogRecord) => output.add(render(record)) },
    loggers: [
      { category: [], sinks: ["lines"], lowestLevel: level },
      // LogTape's own: it greets at info.
      { category: ["logtape", "meta"], lowestLevel: level === "error" ? "error" : "warning" },
    ],
  });
  const logger = getLogger("spillway");
  output.onDropped = (lines) =>
    logger.warning("the log was blocked: {lines} lines were dropped", { event: "log-dropped", lines });
  return logger;
}

/** One JSON object a line; the fields of a record stand beside its message. */
function jsonFormatter(): TextFormatter {
  const json = getJsonLinesFormatter({ properties: "flatten", message: "template" });
  const sentence = getTextFormatter({ value: "bare", timestamp: "none", format: ({ message }) => message });
  // The template is replaced with the sentence made from it: the formatter's own one puts each value into quotes.
  return (record) =>
    escapeUnsafe(json({ ...record, rawMessage: sentence(record).slice(0, -1) }), (character) =>
      Array.from({ length: character.length }, (_, i) => unicodeEscape(character.charCodeAt(i))).join(""),
    );
}

function escapeUnsafe(text: string, escape: (character: string) => string): string {
  return text.replace(UNSAFE, (character) => (OWN.has(character) ? character : escape(character)));
}

function unicodeEscape(unit: number): string {
  return `\\u${unit.toString(16).padStart(4, "0")}`;
}

/** One line a record for a person to read; below it the stack of what a handler threw. */
function prettyFormatter(colors: boolean): TextFormatter {
  const options: TextFormatterOptions = {
    value: "bare",
    timestamp: "date-time-timezone",
    timeZone: null,
    format: ({ timestamp, level, message, record }) => `${timestamp} ${level} ${message}${stackOf(record)}`,
  };
  const pretty = colors ? getAnsiColorFormatter(options) : getTextFormatter(options);
  return (record) => escapeUnsafe(pretty(record), (character) => escapeText(character, 2));
}

/** The stacks of an error and its causes, indented: their text may quote what a connection sent. */
function stackOf({ properties }: LogRecord): string {
  // What broke a connection was told when it happened.
  if (properties.event === "connection-closed") return "";
  let text = "";
  let error = properties.cause as { stack?: unknown; cause?: unknown } | undefined;
  for (let label = ""; typeof error?.stack === "string"; error = error.cause as typeof error, label = "caused by: ") {
    for (const line of (label + error.stack).split("\n")) text += `\n  ${escapeText(line, line.length)}`;
  }
  return text;
}
