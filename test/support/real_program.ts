import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { accessSync, constants } from "node:fs";
import path from "node:path";
import process from "node:process";

/** How a {@link RealProgram} ended. */
export interface ProgramEnding {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A {@link RealProgram} that runs. */
export interface StartedProgram {
  readonly child: ChildProcessWithoutNullStreams;
  readonly ending: Promise<ProgramEnding>;
}

/** The user of a {@link RealProgram}: a test, mostly. */
export interface ProgramUser {
  /** Aborted when it takes too long. */
  readonly signal: AbortSignal;
  /** Goes on without the program. */
  skip(why: string): never;
}

/** A program of the system, as others wrote it: what we write for a test would share our mistakes. */
export class RealProgram {
  readonly #name: string;
  readonly #debianPackage: string;

  constructor(name: string, debianPackage: string) {
    this.#name = name;
    this.#debianPackage = debianPackage;
  }

  /**
   * Runs it to its end, with `input` on its stdin. Where it is not installed the test is skipped, and says so; but CI
   * installs it on Linux (`.ci/programs`), and there the test fails.
   */
  async run(user: ProgramUser, args: readonly string[], input: string | Uint8Array = ""): Promise<ProgramEnding> {
    const { child, ending } = this.start(user, args);
    // It may end without having read everything.
    child.stdin.on("error", () => undefined);
    child.stdin.end(input);
    return await ending;
  }

  /** Starts it. If the test takes too long, it is killed. Where it is not installed, see `run`. */
  start(user: ProgramUser, args: readonly string[]): StartedProgram {
    const file = findOnPath(this.#name) ?? this.#onMissing(user);
    const child = spawn(file, args, { stdio: ["pipe", "pipe", "pipe"] });
    const ending = new Promise<ProgramEnding>((resolve, reject) => {
      let stdout = "";
      let stderr = "";
      child.stdout.setEncoding("utf8").on("data", (text: string) => {
        stdout += text;
      });
      child.stderr.setEncoding("utf8").on("data", (text: string) => {
        stderr += text;
      });
      // A test that takes too long leaves no process behind.
      const kill = () => child.kill("SIGKILL");
      user.signal.addEventListener("abort", kill);
      child.on("error", reject);
      child.on("close", (code) => {
        user.signal.removeEventListener("abort", kill);
        resolve({ code, stdout, stderr });
      });
    });
    return { child, ending };
  }

  #onMissing(user: ProgramUser): never {
    const reason = `${this.#name} is not installed (Debian has it in ${this.#debianPackage})`;
    if (process.env["CI"] === "true" && process.platform === "linux") throw new Error(reason);
    console.warn(`skipped: ${reason}`);
    user.skip(reason);
  }
}

function findOnPath(name: string): string | undefined {
  const file = process.platform === "win32" ? `${name}.exe` : name;
  const folders = (process.env["PATH"] ?? "").split(path.delimiter);
  return folders.map((folder) => path.join(folder, file)).find(isExecutable);
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
