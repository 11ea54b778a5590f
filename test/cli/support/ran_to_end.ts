import { EventEmitter } from "node:events";
import process from "node:process";
import { type Duplex, PassThrough, Readable } from "node:stream";
import { run } from "../../../src/cli/run.ts";
import { transport } from "../../../src/mod.ts";

/** A command line within this process, for one that ends by itself. */
export async function ranToEnd(
  args: readonly string[],
  {
    cwd,
    variables = {},
    stdin = Readable.from([]),
    stdout = new PassThrough(),
    onStdout = () => undefined,
    signals = new EventEmitter(),
  }: {
    readonly cwd: string;
    readonly variables?: Readonly<Record<string, string>>;
    readonly stdin?: Readable;
    readonly stdout?: Duplex;
    readonly onStdout?: () => void;
    readonly signals?: EventEmitter;
  },
): Promise<{ readonly code: number; readonly out: string; readonly err: string; readonly stdout: string }> {
  const written: Uint8Array[] = [];
  stdout.on("data", (chunk: Uint8Array) => {
    written.push(chunk);
    onStdout();
  });
  let out = "";
  let err = "";
  const code = await run(args, {
    stdio: {
      out: async (text) => {
        out += text;
      },
      err: (text, done) => {
        err += text;
        done();
      },
      lines: (text, done) => {
        out += text;
        done();
      },
      stdin,
      stdout,
      screen: (_, done) => done(),
      terminal: false,
      errTerminal: false,
      colors: false,
      columns: 100,
    },
    signals,
    uncaught: new EventEmitter(),
    transport,
    cwd,
    variables,
    pid: process.pid,
    args,
    host: Object.assign(new EventEmitter(), { env: {} }),
  });
  return { code, out, err, stdout: Buffer.concat(written).toString() };
}
