import { type ChildProcess, spawn } from "node:child_process";
import process from "node:process";
import { createInterface } from "node:readline";
import type { Command } from "./server_process.ts";

/** Getting ready, and replacing all workers, take this long on a busy machine. */
const LONGEST_WAIT_MS = 60_000;

/** How a process ended. */
export interface Ending {
  readonly code: number | null;
  readonly signal: string | null;
}

/** `spillway serve` in a process of its own. A supervisor that takes over from it has the same stdout and stderr. */
export class SpillwayProcess {
  /** Fulfils when the process that was started has ended. */
  readonly exited: Promise<Ending>;
  /** Fulfils when every process has ended that has its stdout or stderr: successors and workers, too. */
  readonly closed: Promise<void>;
  stderr = "";
  readonly #child: ChildProcess;
  readonly #waiting = new Set<() => void>();
  #stdout = "";
  #over = false;

  /** `onLine` gets each line of stderr. `env` is added to the variables of this process. */
  constructor(
    { command, args }: Command,
    onLine: (line: string) => void = () => undefined,
    env: Readonly<Record<string, string>> = {},
  ) {
    const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, ...env } });
    this.#child = child;
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      this.#stdout += text;
      this.#look();
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      this.stderr += text;
      this.#look();
    });
    createInterface({ input: child.stderr }).on("line", (line) => {
      onLine(line);
      this.#look();
    });
    this.exited = new Promise((resolve, reject) => {
      child.once("error", reject);
      child.once("exit", (code, signal) => resolve({ code, signal }));
    });
    // Whoever waits for the port is told, too.
    this.exited.catch(() => undefined);
    this.closed = new Promise((resolve) => {
      child.once("close", () => {
        this.#over = true;
        this.#look();
        resolve();
      });
    });
  }

  get pid(): number {
    return this.#child.pid as number;
  }

  /** Whether every process has ended that has its stdout or stderr. */
  get over(): boolean {
    return this.#over;
  }

  /** Returns the port, when it listens. @throws {Error} it does not */
  async ready(): Promise<number> {
    const port = () => /^spillway listening on \S*:(\d+) \(/m.exec(this.#stdout)?.[1];
    await this.until(() => port() !== undefined, "it does not listen");
    return Number(port());
  }

  /** Waits until stderr has the pattern, a global one, so many times. @throws {Error} it has not in time */
  logged(pattern: RegExp, times: number): Promise<void> {
    return this.until(() => (this.stderr.match(pattern) ?? []).length >= times, `not logged: ${pattern}`);
  }

  /** Waits until something holds that its output changes. @throws {Error} with `otherwise`: it does not hold in time */
  until(holds: () => boolean, otherwise: string, ms: number = LONGEST_WAIT_MS): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (why?: string) => {
        clearTimeout(timer);
        this.#waiting.delete(look);
        if (why === undefined) resolve();
        else reject(new Error(`${why}\n${this.stderr.slice(-2_000)}`));
      };
      const timer = setTimeout(settle, ms, otherwise);
      const look = () => {
        if (holds()) settle();
        else if (this.#over) settle(`${otherwise}: it has ended`);
      };
      this.#waiting.add(look);
      look();
    });
  }

  /** Not through the child: Deno's then takes the signal for the end of it. */
  signal(signal: NodeJS.Signals): void {
    if (this.#child.exitCode === null && this.#child.signalCode === null) process.kill(this.pid, signal);
  }

  #look(): void {
    for (const look of this.#waiting) look();
  }
}
