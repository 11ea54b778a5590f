import ipaddr from "ipaddr.js";

/** The 16-bit parts of a numeric address: two of IPv4, eight of IPv6. */
export type Parts = readonly number[];

/** Matches four decimal numbers. Other spellings, such as `010.0.0.1` and `10.1`, mean different things to different programs. */
const DOTTED = /^(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})$/;

/** The parts before the IPv4 address in an IPv4-mapped address. */
const MAPPED: Parts = [0, 0, 0, 0, 0, 0xffff];

/**
 * Returns the parts of a numeric address, or `undefined` if the text is not one. An IPv4-mapped address has the parts of
 * its IPv4 address. A zone is ignored.
 */
export function partsOf(text: string): Parts | undefined {
  return text.includes(":") ? ipv6Parts(text) : ipv4Parts(text);
}

/** ipaddr.js takes three times as long, and every IPv4 peer is parsed. */
function ipv4Parts(text: string): Parts | undefined {
  const match = DOTTED.exec(text);
  if (match === null) return undefined;
  const [first, second, third, fourth] = [Number(match[1]), Number(match[2]), Number(match[3]), Number(match[4])];
  if (first > 255 || second > 255 || third > 255 || fourth > 255) return undefined;
  return [(first << 8) | second, (third << 8) | fourth];
}

function ipv6Parts(text: string): Parts | undefined {
  const zoneAt = text.indexOf("%");
  const address = zoneAt === -1 ? text : text.slice(0, zoneAt);
  const plain = address.includes(".") ? withoutDots(address) : address;
  const parts = plain === undefined ? undefined : parseIpv6(plain);
  return parts !== undefined && MAPPED.every((part, at) => parts[at] === part) ? parts.slice(6) : parts;
}

function parseIpv6(text: string): Parts | undefined {
  try {
    return ipaddr.IPv6.parse(text).parts;
  } catch {
    return undefined;
  }
}

/**
 * Writes the IPv4 address at the end of an IPv6 address in hexadecimal. ipaddr.js would take octets that begin with 0 for
 * octal numbers, and `::1.2.3.4` for a mapped address.
 */
function withoutDots(text: string): string | undefined {
  const at = text.lastIndexOf(":") + 1;
  const parts = ipv4Parts(text.slice(at));
  return parts === undefined ? undefined : text.slice(0, at) + parts.map((part) => part.toString(16)).join(":");
}
