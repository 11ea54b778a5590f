// The access log, as a user takes it.
import { lines, type Observer, serve } from "spillway";
import { type AccessLog, type AccessLogFormat, accessLog } from "spillway/access-log";
import { logging } from "spillway/middleware";
import { same } from "./equal.ts";

/** As a function of Node's that takes a callback. */
declare function append(text: string, done: (error: Error | null) => void): void;

export async function logged(): Promise<void> {
  const format: AccessLogFormat = "logfmt";
  // Callbacks of Node's report that a text is taken.
  const log = accessLog({ format, write: (text, done) => append(text, done) });
  const other: AccessLog = accessLog({
    write: (text, done) => append(text, done),
    onDropped: (lost) => lost + 1,
  });
  const observer: Observer = log;
  await serve({ port: 0, codec: lines(), handler: (line) => line, observer: [observer, other] });
  same<typeof log.unwritten, number>(true);
  await log.flushed();
  // @ts-expect-error a format that there is not
  accessLog({ write: () => undefined, format: "xml" });
  // @ts-expect-error nowhere to write to
  accessLog({ format });
}

export async function redacted(): Promise<void> {
  await serve({
    port: 0,
    codec: lines(),
    state: () => ({ user: "" }),
    middleware: [
      logging({
        log: ({ frame, redactFailed }) => {
          same<typeof frame, unknown>(true);
          same<typeof redactFailed, true | undefined>(true);
        },
        redact: (line: string, { session }) => [line.length, session.state],
      }),
    ],
    handler: (line) => line,
  });
  // @ts-expect-error no function
  logging({ log: () => undefined, redact: "all" });
}
