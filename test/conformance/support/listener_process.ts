import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import process from "node:process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { Address, ListenOptions } from "../../../src/mod.ts";
import { RUNTIME } from "../../cli/support/runtime.ts";

const program = fileURLToPath(new URL("../fixtures/listener.mjs", import.meta.url));

/** The output of a process that was to listen. */
export type Printed = Address | { readonly code: string; readonly message: string };

/** How a process is started. */
export interface HowToStart {
  /** A program that starts it, with its arguments. */
  readonly before?: readonly string[];
  /** Flags of the runtime. */
  readonly flags?: readonly string[];
  /** The descriptor of this process that is its descriptor 3. */
  readonly fd3?: number;
}

/** A process of this runtime that listens and echoes. */
export class ListenerProcess {
  readonly printed: Promise<Printed>;
  readonly #child: ChildProcess;
  readonly #exited: Promise<unknown>;

  constructor(options: ListenOptions, { before = [], flags = [], fd3 }: HowToStart = {}) {
    const [command, ...args] = [...before, ...RUNTIME.program, ...flags, program, JSON.stringify(options)];
    this.#child = spawn(command, args, { stdio: ["pipe", "pipe", "inherit", ...(fd3 === undefined ? [] : [fd3])] });
    this.#exited = once(this.#child, "exit");
    this.printed = this.#read();
  }

  async #read(): Promise<Printed> {
    const [line] = (await once(createInterface(this.#child.stdout as NodeJS.ReadableStream), "line")) as [string];
    return JSON.parse(line) as Printed;
  }

  /** Lets it close its listener, and waits for its end. */
  async close(): Promise<void> {
    this.#child.stdin?.end();
    await this.#exited;
  }

  // Not child.kill(): after that, Deno reports the signal even of a child that exits by itself.
  signal(name: "SIGSTOP" | "SIGKILL"): void {
    process.kill(this.#child.pid as number, name);
  }

  async kill(): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) this.signal("SIGKILL");
    await this.#exited;
  }
}
