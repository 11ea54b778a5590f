#!/usr/bin/env node
/** The command line: the only place that touches the process's arguments, environment and exit code. */
import process from "node:process";
import { setTimeout } from "node:timers";
import { EXIT_USAGE } from "./cli/failure.ts";
import { run } from "./cli/run.ts";
import { stderrWriter } from "./cli/stderr.ts";
import { transport } from "./mod.ts";

/** How long the process may take to end by itself. */
const EXIT_GRACE_MS = 1_000;

const { stdout, stderr } = process;
const writeToStderr = stderrWriter();
// A reader that goes away (`spillway serve | head -1`) must not take the server with it.
for (const stream of [stdout, stderr]) stream.on("error", () => undefined);

let exitCode: number | undefined;
process.once("beforeExit", () => {
  // Nothing is left to do. An end without this would give the signals back first, and one that comes then would end the process.
  if (exitCode !== undefined) process.exit(exitCode);
  writeToStderr(
    "spillway: nothing is left to wait for: a service module must not await what never comes\n",
    () => undefined,
  );
  process.exitCode = EXIT_USAGE;
});

// No top-level await: on Bun a module that waits does not end.
void run(process.argv.slice(2), {
  stdio: {
    out: (text) => stdout.write(text),
    err: writeToStderr,
    terminal: stdout.isTTY && stderr.isTTY,
    // Later: Deno may not permit to read the environment, and `run` says so.
    get colors() {
      return stderr.isTTY && !process.env.NO_COLOR;
    },
    columns: stdout.columns ?? 80,
  },
  signals: {
    on: (signal, listener) => process.on(signal, listener),
    // Listeners stay to the end of the process: what has drained ends with its exit code, however many signals come.
    off: () => undefined,
  },
  uncaught: process,
  transport,
  cwd: process.cwd(),
  variables: process.env,
}).then((code) => {
  exitCode = code;
  process.exitCode = code;
  // What a service left running (a timer, a handler that ignores its signal) must not keep the process. Not at once: the
  // last words may still be on their way through a slow pipe.
  setTimeout(() => process.exit(code), EXIT_GRACE_MS).unref();
});
