import {
  type Clock,
  checkOptions,
  LogOutput,
  type OptionNames,
  type ServerEvent,
  systemClock,
  type WriteText,
} from "../../core/mod.ts";
import { type AccessRecord, accessRecord } from "./access_record.ts";
import { logfmt } from "./logfmt.ts";
import { LostLines } from "./lost_lines.ts";

/** The formats of a line: a JSON object, or `name=value` pairs. */
export const ACCESS_LOG_FORMATS = ["json", "logfmt"] as const;
/** One of {@link ACCESS_LOG_FORMATS}. */
export type AccessLogFormat = (typeof ACCESS_LOG_FORMATS)[number];

/** Settings of {@link accessLog}. */
export interface AccessLogOptions {
  /**
   * Writes text, which is one line or more, each with its line break. It calls `done` when it can take the next text, and
   * gives it an error if the text is lost; a callback of Node's will do. While it has not called `done`, up to 1 MiB of
   * lines waits, and further lines are dropped.
   */
  readonly write: WriteText;
  /** The format of a line. Default: `"json"`. */
  readonly format?: AccessLogFormat;
  /**
   * Gets the number of lines that were lost since it was last called: they found no room, or `write` failed. It is called
   * with the first, and then at most every 10 s. Errors that it throws are ignored. Default: writes a sentence with
   * `console.error`.
   */
  readonly onDropped?: (lines: number) => void;
  /** The clock, for tests. Default: the runtime's own. */
  readonly clock?: Clock;
}

/** An observer that writes an access log, created by {@link accessLog}. */
export interface AccessLog {
  (event: ServerEvent): void;
  /** The number of lines that wait to be written. */
  readonly unwritten: number;
  /** Fulfils when no line waits to be written; never, if `write` does not call `done`. */
  flushed(): Promise<void>;
}

const OPTIONS: OptionNames<AccessLogOptions> = { write: true, format: true, onDropped: true, clock: true };

const RENDER: Readonly<Record<AccessLogFormat, (record: AccessRecord) => string>> = { json: JSON.stringify, logfmt };

/**
 * Returns an observer that writes one line for each connection, when it has ended or was not established: the time, the
 * number and the addresses of the connection, the proxy, TLS, ALPN and server name (SNI), the reason of its end, the code of
 * the error, its duration, and its frames and bytes in both directions. docs/command_line.md lists the fields.
 *
 * - **Never blocks**: lines wait for `write`, up to 1 MiB. Further ones are dropped and counted.
 * - **Safe**: names that a peer has chosen are escaped, and cut to 128 characters.
 *
 * @throws {TypeError} an option that makes no sense
 *
 * @example
 * ```ts
 * import { connect, lines, serve } from "spillway";
 * import { accessLog } from "spillway/access-log";
 *
 * let text = "";
 * const log = accessLog({
 *   format: "logfmt",
 *   // A file: write: (text, done) => appendFile("access.log", text, done)
 *   write: (lines, done) => {
 *     text += lines;
 *     done();
 *   },
 * });
 * const server = await serve({ port: 0, codec: lines(), handler: (line) => line, observer: [log] });
 * const client = await connect({ port: server.address.port, codec: lines() });
 * await client.request("hello");
 * await client.close();
 * await server.shutdown();
 * await log.flushed();
 * console.log(/reason=remote-closed durationMs=\S+ framesIn=1 framesOut=1/.test(text)); // true
 * ```
 */
export function accessLog(options: AccessLogOptions): AccessLog {
  checkOptions(options, OPTIONS);
  const { write, format = "json", onDropped = complain, clock = systemClock } = options;
  checkFunction("write", write);
  checkFunction("onDropped", onDropped);
  if (!Object.hasOwn(RENDER, format)) {
    throw new TypeError(`format must be one of ${ACCESS_LOG_FORMATS.join(", ")}, not ${JSON.stringify(format)}`);
  }
  const lost = new LostLines((lines) => {
    try {
      onDropped(lines);
    } catch {
      // There is no other place to report it to.
    }
  }, clock);
  const output = new LogOutput(reportingLoss(write, lost));
  const render = RENDER[format];
  const observe = (event: ServerEvent) => {
    if (event.type === "connection-closed" || event.type === "establish-failed") {
      if (!output.add(`${render(accessRecord(event, Date.now()))}\n`)) lost.add(1);
    } else if (event.type === "drained") lost.end();
  };
  return Object.defineProperties(observe, {
    unwritten: { get: () => output.unwritten },
    flushed: { value: () => output.flushed() },
  }) as AccessLog;
}

/** Returns `write`, once its failures are counted. */
function reportingLoss(write: WriteText, lost: LostLines): WriteText {
  return (text, done) => {
    let isDone = false;
    const finish = (error?: unknown) => {
      if (isDone) return;
      isDone = true;
      if (error !== undefined && error !== null) lost.add(text.split("\n").length - 1);
      done();
    };
    try {
      write(text, finish);
    } catch (error) {
      finish(error ?? new Error("write threw nothing"));
    }
  };
}

function checkFunction(name: string, value: unknown): void {
  if (typeof value !== "function") throw new TypeError(`${name} must be a function, not ${typeof value}`);
}

function complain(lines: number): void {
  console.error(`spillway: lines of the access log are lost: ${lines.toLocaleString("en-US")}`);
}
