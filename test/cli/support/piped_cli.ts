import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { RUNTIME } from "./runtime.ts";

/** The real command line in a pipe, whose stdin and stdout are the test's. */
export class PipedCli implements Disposable {
  readonly child: ChildProcessWithoutNullStreams;
  stderr = "";
  /** The exit code, when it has ended. */
  readonly ended: Promise<number | null>;
  #over = false;

  constructor(...args: string[]) {
    const [executable, ...before] = RUNTIME.command as [string, ...string[]];
    this.child = spawn(executable, [...before, ...args], { stdio: ["pipe", "pipe", "pipe"] });
    // It may end without having read everything.
    this.child.stdin.on("error", () => undefined);
    this.child.stderr.setEncoding("utf8").on("data", (text: string) => {
      this.stderr += text;
    });
    this.ended = new Promise((resolve, reject) => {
      this.child.on("error", reject);
      this.child.on("exit", (code) => {
        this.#over = true;
        resolve(code);
      });
    });
  }

  [Symbol.dispose](): void {
    if (!this.#over) this.child.kill("SIGKILL");
  }
}
