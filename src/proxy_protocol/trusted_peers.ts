import ipaddr from "ipaddr.js";
import { type Address, plainHostname } from "../core/mod.ts";
import { ipv4Bytes, ipv6Bytes } from "./address_bytes.ts";

type NumericAddress = ipaddr.IPv4 | ipaddr.IPv6;
/** The first address of a range, and the length of its prefix. */
type Range = [NumericAddress, number];

const RULE = /^([0-9a-f:.]+)(?:\/(0|[1-9]\d{0,2}))?$/i;
/** The bits before the IPv4 address in an IPv4-mapped one. */
const MAPPED_BITS = 96;

/** The peers that are named by addresses and ranges, or by `"unix"`, which stands for all Unix domain sockets. */
export class TrustedPeers {
  readonly #unix: boolean;
  readonly #ranges: readonly Range[];

  /** @throws {TypeError | RangeError} no rule, or one that is no address and no range */
  constructor(name: string, rules: string | readonly string[]) {
    const all: readonly unknown[] = typeof rules === "string" ? [rules] : rules;
    if (!Array.isArray(all)) throw new TypeError(`${name} must be an address, a range, "unix", or an array of these`);
    if (all.length === 0) throw new RangeError(`${name} must name at least one address`);
    this.#unix = all.includes("unix");
    this.#ranges = all.filter((rule) => rule !== "unix").map((rule) => parseRange(name, rule));
  }

  /** Reports whether an address is named. A zone is ignored. An IPv4-mapped address is the IPv4 address. */
  has(address: Address): boolean {
    if (address.path !== undefined) return this.#unix;
    if (this.#ranges.length === 0) return false;
    const peer = numeric(address.hostname.replace(/%.*$/s, ""));
    return peer !== undefined && this.#ranges.some((range) => peer.kind() === range[0].kind() && peer.match(range));
  }
}

function numeric(hostname: string): NumericAddress | undefined {
  const plain = plainHostname(hostname);
  const bytes = ipv4Bytes(plain) ?? ipv6Bytes(plain);
  return bytes && ipaddr.fromByteArray([...bytes]);
}

function parseRange(name: string, rule: unknown): Range {
  const [, hostname = "", suffix] = RULE.exec(typeof rule === "string" ? rule : "") ?? [];
  const address = numeric(hostname);
  if (address === undefined) {
    throw new RangeError(
      `${name} must be a numeric address, a range such as "10.0.0.0/8", or "unix", not ${JSON.stringify(rule)}`,
    );
  }
  const bits = address.kind() === "ipv4" ? 32 : 128;
  const skipped = bits === 32 && hostname.includes(":") ? MAPPED_BITS : 0;
  const given = suffix === undefined ? skipped + bits : Number(suffix);
  if (given > skipped + bits) {
    throw new RangeError(`${name} must have a prefix of at most ${skipped + bits} bits, not ${JSON.stringify(rule)}`);
  }
  if (given < skipped || hasBitsBehind(address, given - skipped)) {
    throw new RangeError(
      `${name} must have no bit set behind the first ${given}, as ${JSON.stringify(rule)} has: ` +
        `write ${hostname} for that address alone, or the first address of the range`,
    );
  }
  return [address, given - skipped];
}

function hasBitsBehind(address: NumericAddress, length: number): boolean {
  return address.toByteArray().some((byte, at) => (byte & (0xff >> Math.min(8, Math.max(0, length - 8 * at)))) !== 0);
}
