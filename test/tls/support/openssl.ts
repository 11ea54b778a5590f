import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { afterEach } from "vitest";
import { eventually } from "../../conformance/support/platform.ts";
import { pathOf } from "./certificates.ts";

const running = new Set<ChildProcess>();

afterEach(() => {
  for (const child of running) child.kill("SIGKILL");
  running.clear();
});

/** A process of `openssl`, and what it has printed. */
export class Openssl {
  output = "";
  /** The bytes of its output, of which `output` keeps the beginning. */
  received = 0;
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;

  constructor(args: readonly string[]) {
    this.#child = spawn("openssl", args, { stdio: ["pipe", "pipe", "pipe"] });
    running.add(this.#child);
    this.#ended = once(this.#child, "close");
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.on("data", (chunk: Buffer) => {
        this.received += chunk.length;
        if (this.output.length < 100_000) this.output += chunk.toString("latin1");
      });
    }
    this.#child.stdin?.on("error", () => {});
  }

  send(text: string): void {
    this.#child.stdin?.write(text);
  }

  /** Fulfils when the text is in the output. */
  async until(text: string | RegExp): Promise<string> {
    await eventually(() => (typeof text === "string" ? this.output.includes(text) : text.test(this.output)));
    return this.output;
  }

  /** Ends stdin: `openssl` sends close_notify. */
  finish(): void {
    this.#child.stdin?.end();
  }

  /** Stops the process, in a way that leaves its streams alone on Deno: it reads nothing until `go`. */
  stop(): void {
    process.kill(this.#child.pid as number, "SIGSTOP");
  }

  go(): void {
    process.kill(this.#child.pid as number, "SIGCONT");
  }

  /** Ends the process, as `stop` stops it: without its stdin being ended first, at which it would send close_notify. */
  kill(): void {
    process.kill(this.#child.pid as number, "SIGKILL");
  }

  /** Fulfils at the end of the process, with its output. */
  async ended(): Promise<string> {
    await this.#ended;
    return this.output;
  }
}

/** `openssl s_client`, which trusts the authority of these tests. */
export function sClient(port: number, ...args: readonly string[]): Openssl {
  return new Openssl(["s_client", "-connect", `127.0.0.1:${port}`, "-CAfile", pathOf("ca.pem"), ...args]);
}

/** Options of `openssl` for a certificate. */
export function certificate(name: string): string[] {
  return ["-cert", pathOf(`${name}.pem`), "-key", pathOf(`${name}.key`)];
}
