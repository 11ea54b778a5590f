import { type Parts, partsOf } from "./numeric_address.ts";

/** A range of addresses: those whose first `length` bits are those of `parts`. */
export interface AddressRange {
  readonly parts: Parts;
  readonly length: number;
}

/** Matches an address without a zone, and the length of a prefix. */
const RULE = /^([^/%]+)(?:\/(0|[1-9]\d{0,2}))?$/;

/** The bits of an IPv6 address before the IPv4 address that it maps. */
const MAPPED_BITS = 96;

/**
 * Returns the range of a rule: `192.0.2.0/24`, `2001:db8::/32`, or a single address. A range of IPv4-mapped addresses is
 * the range of their IPv4 addresses.
 *
 * @throws {RangeError} not a range, with `name`, the place of the rule
 */
export function parseRange(name: string, rule: string): AddressRange {
  const [, address = "", suffix] = RULE.exec(rule) ?? [];
  const parts = partsOf(address);
  if (parts === undefined) {
    throw new RangeError(
      `${name} must be a numeric address, a range such as "10.0.0.0/8", or "unix", not ${JSON.stringify(rule)}`,
    );
  }
  const bits = 16 * parts.length;
  const skipped = bits === 32 && address.includes(":") ? MAPPED_BITS : 0;
  const given = suffix === undefined ? skipped + bits : Number(suffix);
  if (given > skipped + bits) {
    throw new RangeError(`${name} must have a prefix of at most ${skipped + bits} bits, not ${JSON.stringify(rule)}`);
  }
  const length = given - skipped;
  if (length < 0 || hasBitsBehind(parts, length)) {
    throw new RangeError(
      `${name} must have no bit set behind the first ${given}, as ${JSON.stringify(rule)} has: ` +
        `write ${address} for that address alone, or the first address of the range`,
    );
  }
  return { parts, length };
}

function hasBitsBehind(parts: Parts, length: number): boolean {
  const masks = masksOf(length);
  return parts.some((part, at) => (part & (masks[at] ?? 0)) !== part);
}

/** Returns the masks of the parts that a prefix covers. */
export function masksOf(length: number): number[] {
  return Array.from(
    { length: Math.ceil(length / 16) },
    (_, at) => 0xffff & (0xffff << Math.max(0, 16 * (at + 1) - length)),
  );
}
