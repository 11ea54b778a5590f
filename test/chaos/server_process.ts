import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import process from "node:process";
import { createInterface } from "node:readline";

const ANSWER_MS = 30_000;
const MAX_STDERR = 65_536;

/** A command line to start. */
export interface Command {
  readonly command: string;
  readonly args: readonly string[];
}

/** A server under a storm, seen from the outside. */
export class ServerProcess {
  readonly ended: Promise<{ readonly code: number | null; readonly signal: string | null }>;
  /** Its complaints: the beginning of its standard error. */
  stderr = "";
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #waiting: ((answer: unknown) => void)[] = [];
  readonly #lines: unknown[] = [];
  #over = false;

  constructor({ command, args }: Command) {
    this.#child = spawn(command, args, { stdio: ["pipe", "pipe", "pipe"] });
    this.#child.stdin.on("error", () => {});
    this.#child.stderr.setEncoding("utf8").on("data", (text: string) => {
      if (this.stderr.length < MAX_STDERR) this.stderr += text;
    });
    createInterface({ input: this.#child.stdout }).on("line", (line) => this.#onLine(JSON.parse(line)));
    this.ended = new Promise((resolve, reject) => {
      this.#child.on("error", reject);
      this.#child.on("close", (code, signal) => {
        this.#over = true;
        resolve({ code, signal });
      });
    });
  }

  get pid(): number {
    return this.#child.pid as number;
  }

  get over(): boolean {
    return this.#over;
  }

  /** Returns its next message, unasked. @throws {Error} it has ended, or says nothing for 30 s */
  async said<Answer>(timeoutMs: number = ANSWER_MS): Promise<Answer> {
    if (this.#lines.length > 0) return this.#lines.shift() as Answer;
    let timer: NodeJS.Timeout | undefined;
    const silence = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`the server says nothing\n${this.stderr}`)), timeoutMs);
    });
    const death = this.ended.then(({ code, signal }) => {
      throw new Error(`the server ended (${signal ?? `exit code ${code}`})\n${this.stderr}`);
    });
    try {
      const line = new Promise((resolve) => this.#waiting.push(resolve));
      return (await Promise.race([line, silence, death])) as Answer;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Asks, and gives the answer. @throws as `said` */
  ask<Answer>(command: string): Promise<Answer> {
    this.#child.stdin.write(`${command}\n`);
    return this.said<Answer>();
  }

  /** Nothing more will be asked. */
  finish(): void {
    this.#child.stdin.end();
  }

  /** Not through the child: Deno's then takes the signal for the end of it. */
  interrupt(): void {
    if (!this.#over) process.kill(this.pid, "SIGINT");
  }

  /** Ends it, whatever it does. */
  async kill(): Promise<void> {
    if (!this.#over) this.#child.kill("SIGKILL");
    await this.ended;
  }

  #onLine(line: unknown): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#lines.push(line);
    else next(line);
  }
}
