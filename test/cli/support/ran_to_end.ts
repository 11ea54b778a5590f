import { EventEmitter } from "node:events";
import process from "node:process";
import { PassThrough, Readable } from "node:stream";
import { run } from "../../../src/cli/run.ts";
import { transport } from "../../../src/mod.ts";

/** A command line within this process, for one that ends by itself. */
export async function ranToEnd(
  args: readonly string[],
  { cwd, variables = {} }: { readonly cwd: string; readonly variables?: Readonly<Record<string, string>> },
): Promise<{ readonly code: number; readonly out: string; readonly err: string }> {
  let out = "";
  let err = "";
  const code = await run(args, {
    stdio: {
      out: (text) => {
        out += text;
      },
      err: (text, done) => {
        err += text;
        done();
      },
      stdin: Readable.from([]),
      stdout: new PassThrough(),
      terminal: false,
      errTerminal: false,
      colors: false,
      columns: 100,
    },
    signals: new EventEmitter(),
    uncaught: new EventEmitter(),
    transport,
    cwd,
    variables,
    pid: process.pid,
  });
  return { code, out, err };
}
