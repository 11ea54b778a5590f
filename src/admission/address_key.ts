import type { Address } from "../core/mod.ts";
import { partsOf } from "./numeric_address.ts";

/**
 * Returns the key under which an address is counted: an IPv4 address, or the /64 of an IPv6 address, because one host may
 * have all addresses of its /64. A hostname that is not numeric is its own key. There is no key for a Unix peer, nor for
 * an address that the system has forgotten.
 */
export function addressKey({ hostname, path }: Address): string | undefined {
  if (path !== undefined || hostname === "") return undefined;
  const parts = partsOf(hostname);
  if (parts === undefined) return hostname;
  if (parts.length === 8) return `${parts.slice(0, 4).map(hex).join(":")}::/64`;
  return parts.map((part) => `${part >> 8}.${part & 0xff}`).join(".");
}

function hex(part: number): string {
  return part.toString(16);
}
