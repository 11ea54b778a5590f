import { describe, isError } from "../core/mod.ts";

/** The exit codes of the command line. 0: all drained. */
export const EXIT_FAILED = 1;
export const EXIT_USAGE = 2;

/** Why the command line ends without having done its work: one line for the user, and an exit code. */
export class Failure extends Error {
  override readonly name = "Failure";
  readonly exitCode: number;

  constructor(exitCode: number, message: string, options?: ErrorOptions) {
    super(message, options);
    this.exitCode = exitCode;
  }
}

/** What was asked for makes no sense, or is not there. */
export function usageFailure(message: string, options?: ErrorOptions): Failure {
  return new Failure(EXIT_USAGE, message, options);
}

/** What was asked for could not be done. */
export function runFailure(message: string, options?: ErrorOptions): Failure {
  return new Failure(EXIT_FAILED, message, options);
}

/** The first line of what was thrown: messages of runtimes go on with import stacks and code frames. */
export function firstLine(thrown: unknown): string {
  // Several of one module, from Deno and Bun: the first tells most.
  const [first = thrown] = isError(thrown) && thrown instanceof AggregateError ? (thrown.errors as unknown[]) : [];
  const line = describe(first)
    .split("\n")
    .find((candidate) => candidate.trim() !== "");
  return line?.trim() ?? "no reason given";
}
