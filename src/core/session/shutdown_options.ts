import { checkDuration } from "../options/limits.ts";
import { checkOptions, type OptionNames } from "../options/option_names.ts";

/** Options of `server.shutdown()`. */
export interface ShutdownOptions {
  /** The time after which the remaining connections are aborted. Default: the server's `drainTimeoutMs`. */
  readonly timeoutMs?: number;
  /**
   * The time for which the server continues to serve without accepting, before it drains. Every connection gets its goodbye (`onDrain`)
   * when that time begins. Open connections are then served as usual, and idle ones are closed one by one, spread over that time. The
   * drain begins earlier if no connection is left. Peers of a restarted server thus reconnect a few at a time ("lame duck mode").
   * Default: no grace period.
   */
  readonly graceMs?: number;
}

const SHUTDOWN_OPTIONS: OptionNames<ShutdownOptions> = { timeoutMs: true, graceMs: true };

/** The same options. @throws {TypeError | RangeError} they make no sense */
export function checkShutdown(options: ShutdownOptions): ShutdownOptions {
  checkOptions(options, SHUTDOWN_OPTIONS);
  const { timeoutMs, graceMs } = options;
  if (timeoutMs !== undefined) checkDuration("timeoutMs", timeoutMs);
  if (graceMs !== undefined && checkDuration("graceMs", graceMs) === Infinity) {
    throw new RangeError("graceMs must have an end: stopAccepting() goes on until shutdown()");
  }
  return options;
}
