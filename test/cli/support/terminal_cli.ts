import type { TestContext } from "vitest";
import { python } from "./bind_and_become.ts";
import { RUNTIME } from "./runtime.ts";

/** Runs a command at a terminal, which passes on what comes and goes. */
const SCRIPT = "import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))";

const ENTER = "\r";

/** The real command line at a pseudo-terminal, for one that is typed at. */
export class TerminalCli {
  /** The exit code, when it has ended. */
  readonly ended: Promise<number | null>;
  #screen = "";
  /** Where the text that was waited for last ends. */
  #seen = 0;
  #over = false;
  readonly #child: ReturnType<typeof python.start>["child"];
  readonly #waiting = new Set<() => void>();

  /** Where Python is not installed the test is skipped, or fails in CI. */
  constructor(context: TestContext, ...args: string[]) {
    const { child, ending } = python.start(context, ["-c", SCRIPT, ...RUNTIME.command, ...args]);
    this.#child = child;
    child.stdin.on("error", () => undefined);
    child.stdout.on("data", (text: string) => {
      this.#screen += text;
      this.#look();
    });
    this.ended = ending.then(({ code }) => {
      this.#over = true;
      this.#look();
      return code;
    });
  }

  /** Everything that was written to the terminal. */
  get screen(): string {
    return this.#screen;
  }

  type(keys: string): void {
    this.#child.stdin.write(keys);
  }

  enter(line: string): void {
    this.type(line + ENTER);
  }

  /** Fulfils when the terminal shows a text behind all that was waited for before. */
  async shows(text: string): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const look = () => {
        const at = this.#screen.indexOf(text, this.#seen);
        if (at === -1 && !this.#over) return;
        this.#waiting.delete(look);
        if (at === -1)
          reject(new Error(`never shown: ${JSON.stringify(text)}; the screen: ${JSON.stringify(this.#screen)}`));
        else {
          this.#seen = at + text.length;
          resolve();
        }
      };
      this.#waiting.add(look);
      look();
    });
  }

  #look(): void {
    for (const look of this.#waiting) look();
  }
}
