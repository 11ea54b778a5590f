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
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;

  constructor(args: readonly string[]) {
    this.#child = spawn("openssl", args, { stdio: ["pipe", "pipe", "pipe"] });
    running.add(this.#child);
    this.#ended = once(this.#child, "close");
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.on("data", (chunk: Buffer) => (this.output += chunk.toString("latin1")));
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

  kill(): void {
    this.#child.kill("SIGKILL");
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
