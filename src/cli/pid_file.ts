import { readFileSync, renameSync, unlinkSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { type Failure, firstLine, runFailure } from "./failure.ts";

/** The file in which others find the number of the process that gets signals. */
export class PidFile {
  readonly #path: string;
  readonly #text: string;

  constructor(path: string, cwd: string, pid: number) {
    this.#path = resolve(cwd, path);
    this.#text = `${pid}\n`;
  }

  /** Finds out whether the file can be written, before anything depends on that. @throws {Failure} it cannot */
  check(): void {
    const temporary = this.#writeBeside();
    unlinkSync(temporary);
  }

  /** Writes the number: a reader never finds half of it. @throws {Failure} the file cannot be written */
  write(): void {
    const temporary = this.#writeBeside();
    try {
      renameSync(temporary, this.#path);
    } catch (cause) {
      unlinkSync(temporary);
      throw notWritten(cause);
    }
  }

  #writeBeside(): string {
    const temporary = `${this.#path}.${this.#text.trim()}`;
    try {
      writeFileSync(temporary, this.#text);
      return temporary;
    } catch (cause) {
      throw notWritten(cause);
    }
  }

  /** Removes the file, unless another process has written its number since. */
  remove(): void {
    try {
      if (readFileSync(this.#path, "utf8") === this.#text) unlinkSync(this.#path);
    } catch {
      // It is gone already.
    }
  }
}

function notWritten(cause: unknown): Failure {
  return runFailure(`--pid-file cannot be written: ${firstLine(cause)}`, { cause });
}
