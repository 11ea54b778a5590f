import { type Clock, checkOptions, type OptionNames, systemClock } from "../core/mod.ts";
import { type AdminTarget, checkAdminTarget } from "./admin_target.ts";
import { BearerToken } from "./bearer_token.ts";
import type { DescribeSession } from "./connection_record.ts";
import type { LogLevel } from "./log_level.ts";
import { OriginRules } from "./origin_rules.ts";

/** The numbers of a service as text, such as those of `spillway/metrics`. */
export interface MetricsText {
  /** Returns the numbers. An error that it rejects with is answered with 500. */
  text(): Promise<string>;
  /** The `Content-Type` of the text. */
  readonly contentType: string;
}

/** Something beside the server that counts, such as a pool of worker threads, or an admission step. */
export interface StatsSource {
  /** Returns its counts, which are shown as JSON. */
  stats(): object;
}

/** Options of `admin`. */
export interface AdminOptions {
  /** Where the endpoint listens: `{ port, hostname? }`, on 127.0.0.1 by default, or `{ path, mode? }`. */
  readonly listen: AdminTarget;
  /**
   * The token that whoever changes something must send: 16 to 1024 visible ASCII characters. Without one, nothing can be
   * changed. Default: none.
   */
  readonly token?: string;
  /**
   * Names, without a port, under which the endpoint may be asked besides loopback names and its own addresses: those of a
   * proxy in front of it. Default: none.
   */
  readonly hosts?: readonly string[];
  /** The numbers for `/metrics`. Default: none, and the route answers 404. */
  readonly metrics?: MetricsText;
  /** Other objects with counts for `/stats`, by the names that they have there. Default: none. */
  readonly sources?: Readonly<Record<string, StatsSource>>;
  /** Returns the effective settings for `/config`, without secrets. Default: none, and the route answers 404. */
  readonly config?: () => unknown;
  /**
   * Returns a summary of the state of a session, which is shown as JSON with its connection. It should be quick, and give no
   * secrets. Text longer than 512 characters of JSON is cut in lists. Default: no state is shown.
   */
  readonly describe?: DescribeSession;
  /** Sets the level of the log, for `PUT /log-level`. Default: none, and the route answers 404. */
  readonly onLogLevel?: (level: LogLevel) => void;
  /** The clock, for tests. Default: the runtime's own. */
  readonly clock?: Clock;
}

const OPTIONS: OptionNames<AdminOptions> = {
  listen: true,
  token: true,
  hosts: true,
  metrics: true,
  sources: true,
  config: true,
  describe: true,
  onLogLevel: true,
  clock: true,
};

/** Options that make sense. */
export interface AdminSettings extends Pick<AdminOptions, "metrics" | "config" | "describe" | "onLogLevel"> {
  readonly target: AdminTarget;
  readonly token: BearerToken | undefined;
  readonly origins: OriginRules;
  readonly sources: Readonly<Record<string, StatsSource>>;
  readonly clock: Clock;
}

/** @throws {TypeError | RangeError} an option that makes no sense */
export function checkAdminOptions(options: AdminOptions): AdminSettings {
  checkOptions(options, OPTIONS);
  return {
    ...options,
    ...checkAdminParts(options),
    target: checkAdminTarget(options.listen),
    token: options.token === undefined ? undefined : new BearerToken(options.token),
    origins: new OriginRules(options.hosts ?? []),
    clock: options.clock ?? systemClock,
  };
}

/** The result of {@link checkAdminParts}. */
interface AdminParts {
  readonly sources: Readonly<Record<string, StatsSource>>;
}

/** Checks the options that are about a server. @throws {TypeError} one makes no sense */
export function checkAdminParts(
  options: Pick<AdminOptions, "config" | "describe" | "metrics" | "onLogLevel" | "sources">,
): AdminParts {
  const { config, describe, metrics, onLogLevel } = options;
  for (const [name, value] of Object.entries({ config, describe, onLogLevel })) {
    if (value !== undefined && typeof value !== "function") {
      throw new TypeError(`${name} must be a function, not ${typeof value}`);
    }
  }
  if (metrics !== undefined && (typeof metrics?.text !== "function" || typeof metrics.contentType !== "string")) {
    throw new TypeError("metrics must have text(), which returns a promise of text, and contentType");
  }
  return { sources: checkSources(options.sources ?? {}) };
}

/** @throws {TypeError} not objects with `stats()` by their names */
function checkSources(sources: Readonly<Record<string, StatsSource>>): Readonly<Record<string, StatsSource>> {
  if (typeof sources !== "object" || sources === null)
    throw new TypeError("sources must be an object: sources by names");
  for (const [name, source] of Object.entries(sources)) {
    if (typeof source?.stats !== "function") throw new TypeError(`sources.${name} has no stats()`);
  }
  return sources;
}
