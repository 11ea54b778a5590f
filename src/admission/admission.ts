import {
  addressText,
  type Clock,
  type Connection,
  checkCount,
  checkOptions,
  checkWhole,
  escapeText,
  type OptionNames,
  SpillwayError,
  systemClock,
} from "../core/mod.ts";
import { addressKey } from "./address_key.ts";
import { AddressRules, type AdmissionRules } from "./address_rules.ts";
import type { AdmissionErrorCode } from "./errors.ts";
import { OpenCounts } from "./open_counts.ts";
import { RateTable } from "./rate_table.ts";
import { checkRate } from "./token_rate.ts";

const RULES: OptionNames<AdmissionRules> = { allow: true, deny: true };
const OPTIONS: OptionNames<AdmissionOptions> = {
  ...RULES,
  maxPerAddress: true,
  connectsPerSecond: true,
  connectsBurst: true,
  by: true,
  maxAddresses: true,
  refuse: true,
  clock: true,
};

/** A Map of V8 holds no more. */
const MOST_ADDRESSES = 2 ** 24;
const DEFAULT_ADDRESSES = 65_536;

/** The number of characters of a key in the text of an error. */
const KEY_CHARACTERS = 100;

/** Settings of {@link admission}. */
export interface AdmissionOptions extends AdmissionRules {
  /** The number of connections of an address that may be open at once. A whole number; default `Infinity`. */
  readonly maxPerAddress?: number;
  /**
   * The number of connections of an address that are admitted per second, on average. A number above 0, also below 1; default
   * `Infinity`.
   */
  readonly connectsPerSecond?: number;
  /**
   * The number of connections that are admitted at once after a pause. A whole number; default: `connectsPerSecond`, rounded up.
   */
  readonly connectsBurst?: number;
  /**
   * Returns the key that both limits count, instead of the address; `undefined` for a connection that they do not count.
   * Default: the IPv4 address, or the /64 of the IPv6 address; a Unix peer is not counted. An error that it throws refuses the connection.
   */
  readonly by?: (connection: Connection) => string | undefined;
  /**
   * The number of keys whose rate is remembered: a whole number from 2 to 16777216; default 65536. When the table is full,
   * the keys that were not used for the longest time are forgotten, and begin again with a full burst. At least half as many
   * keys as this, those that were used last, are always remembered.
   */
  readonly maxAddresses?: number;
  /** How a connection is refused: `"reset"` (RST, the default), or `"close"`, in order (FIN). */
  readonly refuse?: "reset" | "close";
  /** The clock, for tests. Default: the runtime's own. */
  readonly clock?: Clock;
}

/** The result of `stats()` of an {@link AdmissionStep}: its counts, and the sizes of its tables. */
export interface AdmissionStats {
  /** The number of connections that were admitted. */
  readonly admitted: number;
  /** The number of connections that were refused, by reason. */
  readonly refused: Readonly<Record<AdmissionErrorCode, number>>;
  /** The number of addresses with an open connection. 0 without `maxPerAddress`. */
  readonly openAddresses: number;
  /** The number of addresses whose rate is remembered: at most `maxAddresses`. 0 without `connectsPerSecond`. */
  readonly ratedAddresses: number;
  /**
   * The number of addresses whose rate was forgotten too early, because the table of `maxAddresses` was full. If it grows, attackers may
   * evade `connectsPerSecond`: raise `maxAddresses`, or deny their ranges. 0 without `connectsPerSecond`.
   */
  readonly forgottenAddresses: number;
}

/** The establish step of {@link admission}. It is synchronous: it returns the connection, or throws. */
export interface AdmissionStep {
  /** @throws {SpillwayError} `denied`, `too-many-per-address`, `connects-too-fast` */
  (connection: Connection): Connection;
  /**
   * Replaces all rules, for connections that come from now on. A list that is left out is no longer there. When a rule is
   * invalid, the present rules stay.
   *
   * @throws {TypeError | RangeError} an invalid rule
   */
  replace(rules: AdmissionRules): void;
  /** Returns the present counts. */
  stats(): AdmissionStats;
}

/**
 * Returns an establish step that admits a connection by its address, or refuses it before there is a session. Rules come
 * first: the longest range that contains the address decides, and of two equal ranges the denied one. Then come the limits.
 *
 * The address is the present `remoteAddress`: behind `proxyProtocol`, the original one. IPv6 addresses are counted by
 * their /64. Unix peers have no address, and are not counted unless `by` says so.
 *
 * - **Costs** a lookup that does not grow with the number of rules. Memory for rates is bounded by `maxAddresses`, and for
 *   `maxPerAddress` by the number of open connections.
 * - **On refusal** the connection is reset, and the server emits one `establish-failed`. Only connections that are admitted
 *   count towards the limits.
 *
 * @throws {TypeError | RangeError} an invalid option or rule
 *
 * @example
 * ```ts
 * import { admission } from "spillway/admission";
 *
 * const step = admission({ deny: ["203.0.113.0/24"], maxPerAddress: 100, connectsPerSecond: 20 });
 * step.replace({ deny: ["203.0.113.0/24", "2001:db8::/32"] });
 * console.log(step.stats().admitted); // 0
 * ```
 */
export function admission(options: AdmissionOptions): AdmissionStep {
  const gate = new Gate(options);
  return Object.assign((connection: Connection): Connection => gate.admit(connection), {
    replace: (rules: AdmissionRules) => gate.replace(rules),
    stats: () => gate.stats(),
  });
}

/** The state of an {@link AdmissionStep}. */
class Gate {
  #rules: AddressRules;
  readonly #maxPerAddress: number;
  readonly #open = new OpenCounts();
  readonly #rates: RateTable | undefined;
  readonly #by: (connection: Connection) => string | undefined;
  readonly #closes: boolean;
  #admitted = 0;
  readonly #refused: Record<AdmissionErrorCode, number> = {
    denied: 0,
    "too-many-per-address": 0,
    "connects-too-fast": 0,
  };

  constructor(options: AdmissionOptions) {
    checkOptions(options, OPTIONS);
    checkUsed(options);
    this.#maxPerAddress = checkCount("maxPerAddress", options.maxPerAddress ?? Infinity);
    this.#rates = ratesOf(options);
    this.#by = checkBy(options.by) ?? (({ remoteAddress }) => addressKey(remoteAddress));
    this.#closes = checkRefuse(options.refuse ?? "reset") === "close";
    this.#rules = new AddressRules(options);
  }

  replace(rules: AdmissionRules): void {
    checkOptions(rules, RULES);
    this.#rules = new AddressRules(rules);
  }

  stats(): AdmissionStats {
    return {
      admitted: this.#admitted,
      refused: { ...this.#refused },
      openAddresses: this.#open.size,
      ratedAddresses: this.#rates?.size ?? 0,
      forgottenAddresses: this.#rates?.forgotten ?? 0,
    };
  }

  admit(connection: Connection): Connection {
    const { remoteAddress } = connection;
    const why = this.#rules.refusal(remoteAddress);
    if (why !== undefined) throw this.#refusal(connection, "denied", `${addressText(remoteAddress)}: ${why}`);
    if (this.#maxPerAddress !== Infinity || this.#rates !== undefined) this.#count(connection);
    this.#admitted += 1;
    return connection;
  }

  #count(connection: Connection): void {
    const key = checkKey(this.#by(connection));
    if (key === undefined) return;
    if (this.#open.of(key) >= this.#maxPerAddress) {
      const message = `${shown(key)} has reached maxPerAddress: ${this.#maxPerAddress}`;
      throw this.#refusal(connection, "too-many-per-address", message);
    }
    if (this.#rates?.take(key) === false) {
      throw this.#refusal(
        connection,
        "connects-too-fast",
        `${shown(key)} connects more often than connectsPerSecond allows`,
      );
    }
    if (this.#maxPerAddress !== Infinity) this.#open.add(key, connection);
  }

  #refusal(connection: Connection, code: AdmissionErrorCode, message: string): SpillwayError<AdmissionErrorCode> {
    this.#refused[code] += 1;
    if (this.#closes) void connection.close();
    return new SpillwayError<AdmissionErrorCode>(code, message);
  }
}

function ratesOf(options: AdmissionOptions): RateTable | undefined {
  const { connectsPerSecond: perSecond = Infinity, maxAddresses = DEFAULT_ADDRESSES, clock = systemClock } = options;
  const maxKeys = checkWhole("maxAddresses", maxAddresses, 2);
  if (maxKeys > MOST_ADDRESSES) throw new RangeError(`maxAddresses must be at most ${MOST_ADDRESSES}, not ${maxKeys}`);
  if (options.connectsBurst !== undefined) checkWhole("connectsBurst", options.connectsBurst);
  if (perSecond === Infinity) return undefined;
  checkRate("connectsPerSecond", perSecond);
  return new RateTable({ perSecond, burst: options.connectsBurst ?? Math.ceil(perSecond), maxKeys, clock });
}

/** Refuses options that would have no effect. @throws {TypeError} */
function checkUsed({ maxPerAddress, connectsPerSecond, connectsBurst, maxAddresses, by }: AdmissionOptions): void {
  const unused =
    connectsBurst !== undefined ? "connectsBurst" : maxAddresses !== undefined ? "maxAddresses" : undefined;
  if (connectsPerSecond === undefined && unused !== undefined) {
    throw new TypeError(`${unused} has no effect without connectsPerSecond`);
  }
  if (by !== undefined && connectsPerSecond === undefined && maxPerAddress === undefined) {
    throw new TypeError("by has no effect without maxPerAddress or connectsPerSecond");
  }
}

function checkBy(by: AdmissionOptions["by"]): AdmissionOptions["by"] {
  if (by === undefined || typeof by === "function") return by;
  throw new TypeError(`by must be a function, not ${typeof by}`);
}

function checkRefuse(refuse: string): string {
  if (refuse === "reset" || refuse === "close") return refuse;
  throw new RangeError(`refuse must be "reset" or "close", not ${JSON.stringify(refuse)}`);
}

/** Checks a result of `by`. @throws {TypeError} */
function checkKey(key: unknown): string | undefined {
  if (key === undefined || typeof key === "string") return key;
  throw new TypeError(`by must return a string or undefined, not ${typeof key}`);
}

function shown(key: string): string {
  return escapeText(key, KEY_CHARACTERS);
}
