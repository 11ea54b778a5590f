import { checkDuration } from "../options/limits.ts";
import { checkOptions, type OptionNames } from "../options/option_names.ts";

/** How `server.shutdown()` drains. */
export interface ShutdownOptions {
  /** After so many milliseconds what remains is aborted. Default: the server's `drainTimeoutMs`. */
  readonly timeoutMs?: number;
  /**
   * First goes on serving for so many milliseconds, without accepting: the connections that it has send requests and are answered as
   * ever, and those on which nothing is going on are closed one after the other, spread over that time. The drain follows, sooner when no
   * connection is left. So a fleet can be restarted while its peers move on a few at a time ("lame duck"). Default: no such time.
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
