#!/usr/bin/env node
/** The entry point of the command line: the only place that touches the process's arguments, environment and exit code. */
import process from "node:process";
import { setTimeout } from "node:timers";
import { EXIT_USAGE } from "./cli/failure.ts";
import { run } from "./cli/run.ts";
import { screenWriter } from "./cli/screen_writer.ts";
import { standardWriter } from "./cli/standard_writer.ts";
import { printOut } from "./cli/write_out.ts";
import { transport } from "./mod.ts";

/** The time that the process has to end by itself. */
const EXIT_GRACE_MS = 1_000;

const { stdout, stderr } = process;
const writeToStderr = standardWriter("stderr");
// A reader that goes away (`spillway serve | head -1`) must not take the server with it.
for (const stream of [stdout, stderr]) stream.on("error", () => undefined);

let exitCode: number | undefined;
process.once("beforeExit", () => {
  // Nothing is left to do. Without this exit, the signals would be released first, and a signal then would kill the process.
  if (exitCode !== undefined) process.exit(exitCode);
  writeToStderr(
    "spillway: nothing is left to wait for: a service module must not await what never comes\n",
    () => undefined,
  );
  process.exitCode = EXIT_USAGE;
});

// No top-level await: on Bun a module that awaits does not end.
void run(process.argv.slice(2), {
  stdio: {
    out: (text) => printOut(stdout, text),
    err: writeToStderr,
    // Opened lazily: few commands write lines there.
    get lines() {
      return standardWriter("stdout");
    },
    get stdin() {
      return process.stdin;
    },
    stdout,
    get screen() {
      return screenWriter();
    },
    terminal: stdout.isTTY && stderr.isTTY,
    errTerminal: stderr.isTTY,
    // Read lazily: Deno may deny access to the environment, and `run` reports that.
    get colors() {
      return stderr.isTTY && !process.env.NO_COLOR;
    },
    columns: stdout.columns ?? 80,
  },
  signals: {
    on: (signal, listener) => process.on(signal, listener),
    // Listeners stay until the process ends: a drained server ends with its exit code, however many signals arrive.
    off: () => undefined,
  },
  uncaught: process,
  transport,
  cwd: process.cwd(),
  variables: process.env,
  pid: process.pid,
  args: process.argv.slice(2),
  host: process,
}).then((code) => {
  exitCode = code;
  process.exitCode = code;
  // Work that a service left running (a timer, a handler that ignores its signal) must not keep the process alive. The exit is
  // delayed because the last output may still be on its way through a slow pipe.
  setTimeout(() => process.exit(code), EXIT_GRACE_MS).unref();
});
