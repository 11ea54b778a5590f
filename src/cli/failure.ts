import { describe } from "../core/mod.ts";
import { firstError, plain, stackText } from "./thrown_place.ts";

/** The exit codes of the command line. 0: all drained. */
export const EXIT_FAILED = 1;
export const EXIT_USAGE = 2;

interface FailureOptions extends ErrorOptions {
  readonly details?: string;
}

/** Why the command line ends without having done its work: one line for the user, and an exit code. */
export class Failure extends Error {
  override readonly name = "Failure";
  readonly exitCode: number;
  /** More lines, for who wants to know it all. */
  readonly details: string;

  constructor(exitCode: number, message: string, { details = "", ...options }: FailureOptions = {}) {
    super(message, options);
    this.exitCode = exitCode;
    this.details = details;
  }
}

/** The same failure with the stack of what caused it, for `--log-level debug`. Anything else stays as it is. */
export function withStack(failure: unknown): unknown {
  if (!(failure instanceof Failure) || failure.cause === undefined) return failure;
  return new Failure(failure.exitCode, failure.message, { cause: failure.cause, details: stackText(failure.cause) });
}

/** What was asked for makes no sense, or is not there. */
export function usageFailure(message: string, options?: ErrorOptions): Failure {
  return new Failure(EXIT_USAGE, message, options);
}

/** What was asked for could not be done. */
export function runFailure(message: string, options?: ErrorOptions): Failure {
  return new Failure(EXIT_FAILED, message, options);
}

/** The first line of what was thrown: messages of runtimes go on with import stacks and code frames. Never throws. */
export function firstLine(thrown: unknown): string {
  const line = plain(describe(firstError(thrown)))
    .split("\n")
    .find((candidate) => candidate.trim() !== "");
  return line?.trim() ?? "no reason given";
}
