import { describe } from "../core/mod.ts";
import { firstError, plain, stackText } from "./thrown_place.ts";

/** The exit codes of the command line. 0: the server drained completely. */
export const EXIT_FAILED = 1;
export const EXIT_USAGE = 2;
/** SIGINT, of a command that does not drain. */
export const EXIT_INTERRUPTED = 130;

interface FailureOptions extends ErrorOptions {
  readonly details?: string;
}

/** The reason why the command line failed: one line for the user, and an exit code. */
export class Failure extends Error {
  override readonly name = "Failure";
  readonly exitCode: number;
  /** Further lines, for users who want the details. */
  readonly details: string;

  constructor(exitCode: number, message: string, { details = "", ...options }: FailureOptions = {}) {
    super(message, options);
    this.exitCode = exitCode;
    this.details = details;
  }
}

/** Adds the stack of its cause to a failure, for `--log-level debug`. Other values are returned unchanged. */
export function withStack(failure: unknown): unknown {
  if (!(failure instanceof Failure) || failure.cause === undefined) return failure;
  return new Failure(failure.exitCode, failure.message, { cause: failure.cause, details: stackText(failure.cause) });
}

/** Returns a failure for a request that is invalid, or that names something that does not exist. */
export function usageFailure(message: string, options?: ErrorOptions): Failure {
  return new Failure(EXIT_USAGE, message, options);
}

/** Returns a failure for a valid request that could not be carried out. */
export function runFailure(message: string, options?: ErrorOptions): Failure {
  return new Failure(EXIT_FAILED, message, options);
}

/** Returns the first line of a thrown value: messages of runtimes go on with import stacks and code frames. Never throws. */
export function firstLine(thrown: unknown): string {
  const line = plain(describe(firstError(thrown)))
    .split("\n")
    .find((candidate) => candidate.trim() !== "");
  return line?.trim() ?? "no reason given";
}
