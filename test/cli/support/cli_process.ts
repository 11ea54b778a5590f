import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { RUNTIME } from "./runtime.ts";

/** How a {@link CliProcess} ended. */
export interface Ending {
  readonly code: number | null;
  readonly signal: string | null;
}

/** The real command line, in a process of its own on the runtime of the test. */
export class CliProcess {
  readonly ended: Promise<Ending>;
  stdout = "";
  stderr = "";
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #waiting = new Set<() => void>();
  #over = false;

  /** Paths in `args` are relative to the folder of the fixtures. */
  constructor(...args: string[]) {
    const [executable, ...before] = [...this.launcher(), ...this.program()] as [string, ...string[]];
    const cwd = fileURLToPath(new URL("../fixtures/", import.meta.url));
    this.#child = spawn(executable, [...before, ...args], { cwd, stdio: ["pipe", "pipe", "pipe"] });
    this.#child.stdin.end();
    this.#child.stdout.setEncoding("utf8").on("data", (text: string) => {
      this.stdout += text;
      this.#look();
    });
    this.#child.stderr.setEncoding("utf8").on("data", (text: string) => {
      this.stderr += text;
      this.#look();
    });
    this.ended = new Promise((resolve, reject) => {
      this.#child.on("error", reject);
      this.#child.on("close", (code, signal) => {
        this.#over = true;
        this.#look();
        resolve({ code, signal });
      });
    });
  }

  get pid(): number {
    return this.#child.pid as number;
  }

  /** The arguments before the command: a program that starts the command in another way. */
  protected launcher(): readonly string[] {
    return [];
  }

  /** The command before the arguments. */
  protected program(): readonly string[] {
    return RUNTIME.command;
  }

  /** Fulfils with the match on stdout, when that has come. */
  printed(pattern: RegExp): Promise<RegExpExecArray> {
    return this.#until(() => pattern.exec(this.stdout));
  }

  /** The port of the ready line, when that has come. */
  async ready(): Promise<number> {
    const [, port] = await this.printed(/^spillway listening on .*:(\d+) \(.*\)\n/);
    return Number(port);
  }

  /** Fulfils with the match on stderr, when that has come. */
  logged(pattern: RegExp): Promise<RegExpExecArray> {
    return this.#until(() => pattern.exec(this.stderr));
  }

  /** Not through the child: Deno's then takes the signal for the end of it, whatever it does with the signal. */
  signal(signal: NodeJS.Signals): void {
    if (this.#over) return;
    process.kill(this.#child.pid as number, signal);
  }

  /** Nobody reads its stdout any more. */
  dropStdout(): void {
    this.#child.stdout.destroy();
  }

  /** For the end of a test that failed half-way. */
  kill(): void {
    if (!this.#over) this.#child.kill("SIGKILL");
  }

  #until<Found>(find: () => Found | null): Promise<Found> {
    return new Promise((resolve, reject) => {
      const look = () => {
        const found = find();
        if (found === null && !this.#over) return;
        this.#waiting.delete(look);
        if (found !== null) resolve(found);
        else reject(new Error(`ended early\nstdout: ${this.stdout}\nstderr: ${this.stderr}`));
      };
      this.#waiting.add(look);
      look();
    });
  }

  #look(): void {
    for (const look of this.#waiting) look();
  }
}

/** A program of the fixtures, in a process of its own on the runtime of the test. */
export class ProgramProcess extends CliProcess {
  protected override program(): readonly string[] {
    return RUNTIME.program;
  }
}
