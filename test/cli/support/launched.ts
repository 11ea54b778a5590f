import { CliProcess } from "./cli_process.ts";

/** The command line, started by another program, which becomes it. */
export class LaunchedCli extends CliProcess {
  static #launcher: readonly string[] = [];

  /** The launcher is told before the constructor of the base class asks for it. */
  static start(launcher: readonly string[], ...args: string[]): LaunchedCli {
    LaunchedCli.#launcher = launcher;
    return new LaunchedCli(...args);
  }

  protected override launcher(): readonly string[] {
    return LaunchedCli.#launcher;
  }
}
