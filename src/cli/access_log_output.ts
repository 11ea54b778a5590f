/** The access log that settings ask for. Its room is imported only then. */
import path from "node:path";
import { clearTimeout, setTimeout } from "node:timers";
import type { Logger } from "@logtape/logtape";
import type { WriteText } from "../core/mod.ts";
import type { Observer } from "../mod.ts";
import { AppendedFile } from "./appended_file.ts";
import { firstLine, usageFailure } from "./failure.ts";
import { type Given, originText } from "./given.ts";
import type { Stdio } from "./stdio.ts";

/** The value of `--access-log` that means stdout. */
const STDOUT = "-";
/** The time that the last lines have to be written. */
const LAST_LINES_MS = 1_000;

/** An access log that is being written. */
export interface AccessLogOutput {
  readonly observer: Observer;
  /** Waits a second for the last lines, and says how many are lost. */
  close(): Promise<void>;
}

/** The parts of the process that it needs. */
export interface AccessLogParts {
  readonly cwd: string;
  readonly stdio: Stdio;
  readonly logger: Logger;
}

/**
 * Opens the access log, or returns `undefined` when no setting asks for one.
 *
 * @throws {Failure} the file cannot be opened, or a format without a file
 */
export async function startAccessLog(given: Given, parts: AccessLogParts): Promise<AccessLogOutput | undefined> {
  const { accessLog: place, accessLogFormat } = given.settings;
  if (place === undefined) {
    if (accessLogFormat === undefined) return undefined;
    throw usageFailure(`${originText("accessLogFormat", given)} has no effect without --access-log`);
  }
  const { accessLog } = await import("../observers/access_log/mod.ts");
  const { logger } = parts;
  const destination = await destinationOf(place, given, parts);
  const log = accessLog({
    write: destination.write,
    ...(accessLogFormat !== undefined && { format: accessLogFormat }),
    onDropped: (lines) => sayLost(lines, logger),
  });
  return {
    observer: log,
    close: async () => {
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, LAST_LINES_MS);
      });
      await Promise.race([log.flushed(), late]);
      clearTimeout(timer);
      if (log.unwritten > 0) sayLost(log.unwritten, logger);
      await destination.close();
    },
  };
}

/** Returns the message of an error. That of Deno does not have the code. */
function withCode(error: unknown): string {
  const message = firstLine(error);
  const { code } = error as { readonly code?: unknown };
  return typeof code !== "string" || message.includes(code) ? message : `${code}: ${message}`;
}

function sayLost(lines: number, logger: Logger): void {
  const count = lines.toLocaleString("en-US");
  logger.warning("the access log is blocked: lines that are lost: {count}", {
    event: "access-log-dropped",
    count,
    lines,
  });
}

interface Destination {
  readonly write: WriteText;
  close(): Promise<void>;
}

async function destinationOf(
  place: string,
  given: Given,
  { cwd, stdio, logger }: AccessLogParts,
): Promise<Destination> {
  if (place === STDOUT) return { write: stdio.lines, close: () => Promise.resolve() };
  const file = new AppendedFile(path.resolve(cwd, place), {
    onFault: (cause) =>
      logger.error("the access log cannot be written, and is tried again every second: {error}", {
        event: "access-log-failed",
        error: withCode(cause),
      }),
    onRecovered: () => logger.info("the access log is written again", { event: "access-log-recovered" }),
  });
  try {
    await file.check();
  } catch (cause) {
    throw usageFailure(`${originText("accessLog", given)} cannot be opened: ${firstLine(cause)}`, { cause });
  }
  return { write: file.write, close: () => file.close() };
}
