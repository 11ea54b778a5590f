import { checkCount, checkDuration, checkNumber } from "../options/limits.ts";
import { checkOptions, type OptionNames } from "../options/option_names.ts";

/**
 * Options for replacing a lost connection. The pause before the nth attempt is at most `minDelayMs × factor^(n − 1)`,
 * and never more than `maxDelayMs`. If there are several hosts, each is tried once before the pauses grow. The count of
 * attempts starts again when a request is answered (a request of `onConnect` is not enough), when a connection has
 * lived for longer than `maxDelayMs` (unless it ended as `request-timeout`), or when it has ended as `idle-timeout`.
 */
export interface ReconnectOptions {
  /** The maximum of the first pause. More than 0, not `Infinity`; default 100. */
  readonly minDelayMs: number;
  /** The maximum of every pause. At least `minDelayMs`, not `Infinity`; default 30000. */
  readonly maxDelayMs: number;
  /** The factor by which the maximum grows with each attempt. At least 1; default 2. */
  readonly factor: number;
  /**
   * The part of a pause that is random, so that many clients do not reconnect at the same instant. From 0 (none) to 1 (all); default 1.
   */
  readonly jitter: number;
  /** The number of consecutive attempts after which the client is closed. A whole number; default `Infinity`. */
  readonly maxAttempts: number;
}

const OPTIONS: OptionNames<ReconnectOptions> = {
  minDelayMs: true,
  maxDelayMs: true,
  factor: true,
  jitter: true,
  maxAttempts: true,
};

/**
 * Fills in defaults. Returns `undefined` if lost connections are not replaced.
 *
 * @throws {TypeError | RangeError} an invalid option
 */
export function resolveReconnect(given: boolean | Partial<ReconnectOptions> | undefined): ReconnectOptions | undefined {
  if (given === undefined || given === false) return undefined;
  if (given !== true && (typeof given !== "object" || given === null)) {
    throw new TypeError(`reconnect must be true, false or an object, not ${given === null ? "null" : typeof given}`);
  }
  const chosen: Partial<ReconnectOptions> = given === true ? {} : given;
  checkOptions(chosen, OPTIONS);
  const options = {
    minDelayMs: chosen.minDelayMs ?? 100,
    maxDelayMs: chosen.maxDelayMs ?? 30_000,
    factor: chosen.factor ?? 2,
    jitter: chosen.jitter ?? 1,
    maxAttempts: chosen.maxAttempts ?? Number.POSITIVE_INFINITY,
  };
  checkDelay("minDelayMs", options.minDelayMs, 0);
  checkDelay("maxDelayMs", options.maxDelayMs, options.minDelayMs);
  checkRange("factor", options.factor, 1, Number.MAX_VALUE);
  checkRange("jitter", options.jitter, 0, 1);
  checkCount("maxAttempts", options.maxAttempts);
  return options;
}

function checkDelay(name: string, value: number, least: number): void {
  checkDuration(name, value);
  if (value < Infinity && value >= least) return;
  throw new RangeError(`${name} must be finite${least > 0 ? ` and at least ${least} ms` : ""}, not ${value}`);
}

function checkRange(name: string, value: number, least: number, most: number): void {
  checkNumber(name, value);
  if (value >= least && value <= most) return;
  throw new RangeError(
    `${name} must be a number ${most === 1 ? `from ${least} to 1` : `of at least ${least}`}, not ${value}`,
  );
}
