import { SpillwayError } from "./errors.ts";

/**
 * Returns the error of several attempts that all failed, with the message of each. Its code is theirs if they agree,
 * and otherwise `connect-failed`.
 */
export function allFailed(what: string, errors: readonly SpillwayError[]): SpillwayError {
  const [first, second] = errors;
  if (first === undefined) return new SpillwayError("connect-failed", what);
  if (second === undefined) return first;
  const code = errors.every((error) => error.code === first.code) ? first.code : "connect-failed";
  const message = `${what}: ${errors.map((error) => error.message).join("; ")}`;
  return new SpillwayError(code, message, { cause: new AggregateError(errors, message) });
}
