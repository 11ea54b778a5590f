import process from "node:process";
import { checkListenOptions, type SignalSource } from "../core/mod.ts";
import type { Address, Connection, Listener, ListenOptions, Transport } from "../mod.ts";
import { type Environment, runServe } from "./serve_command.ts";
import type { ServeFlags } from "./serve_flags.ts";
import type { Stdio } from "./stdio.ts";

/**
 * Runs `spillway check`: everything that `spillway serve` does, on a transport that listens nowhere. So it loads the
 * service, its workers, and the files that settings name, and finds what `serve` would refuse. Fulfils with the exit code.
 *
 * @throws {Failure} `spillway serve` would not start, unless the place where it listens is the reason
 */
export async function runCheck(name: string, flags: ServeFlags, environment: Environment): Promise<number> {
  const { stdio, transport } = environment;
  const drains: (() => void)[] = [];
  let said = "";
  const signals: SignalSource = {
    on(signal, listener) {
      if (signal === "SIGTERM") drains.push(listener);
    },
    off: () => undefined,
  };
  const code = await runServe(
    name,
    // Of the log, only errors are news: `debug` adds their stacks.
    { ...flags, logLevel: flags["logLevel"] === "debug" ? "debug" : "error" },
    {
      ...environment,
      transport: nowhere(transport),
      dry: true,
      signals,
      stdio: saying(stdio, (text) => {
        said += text;
        for (const drain of drains) drain();
      }),
      // A check is no start of the service.
      variables: { ...environment.variables, NOTIFY_SOCKET: undefined },
    },
  );
  if (code === 0) stdio.out(said.replace(/^spillway listening on (.*) \(.*\)\n$/s, `${name} is valid: $1\n`));
  return code;
}

/** Returns a transport that checks what it is asked for, and listens nowhere. */
function nowhere(transport: Transport): Transport {
  return {
    name: transport.name,
    connect: (options) => transport.connect(options),
    listen: (options) => {
      checkListenOptions(options, process.platform);
      return Promise.resolve(new SilentListener(addressOf(options)));
    },
  };
}

function addressOf({ fd, hostname, path, port }: ListenOptions): Address {
  if (path !== undefined) return { path };
  return fd === undefined ? { hostname, port } : { path: `fd:${fd}` };
}

/** A listener to which nobody connects. */
class SilentListener implements Listener {
  readonly address: Address;
  readonly #ended: Promise<IteratorResult<Connection>>;
  #end!: () => void;

  constructor(address: Address) {
    this.address = address;
    this.#ended = new Promise((resolve) => {
      this.#end = () => resolve({ done: true, value: undefined });
    });
  }

  [Symbol.asyncIterator](): AsyncIterator<Connection> {
    return { next: () => this.#ended };
  }

  finish(): void {
    this.#end();
  }

  close(): void {
    this.#end();
  }
}

/** Returns the same streams with another stdout. */
function saying(stdio: Stdio, out: (text: string) => void): Stdio {
  return {
    out,
    err: stdio.err,
    get stdin() {
      return stdio.stdin;
    },
    stdout: stdio.stdout,
    terminal: stdio.terminal,
    errTerminal: stdio.errTerminal,
    get colors() {
      return stdio.colors;
    },
    columns: stdio.columns,
  };
}
