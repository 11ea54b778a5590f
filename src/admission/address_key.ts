import type { Address } from "../core/mod.ts";
import { partsOf } from "./numeric_address.ts";

/**
 * Returns the key under which `admission` counts an address, unless its option `by` says otherwise: an IPv4 address, or the
 * /64 of an IPv6 address, because one host may have all addresses of its /64. A hostname that is not numeric is its own
 * key. There is no key for a Unix peer, nor for an address that the system has forgotten.
 *
 * @example
 * ```ts
 * import { addressKey, admission } from "spillway/admission";
 *
 * console.log(addressKey({ hostname: "2001:db8:1:2::3", port: 8080 })); // 2001:db8:1:2::/64
 * const offices = new Set(["192.0.2.10", "192.0.2.20"]);
 * admission({
 *   maxPerAddress: 50,
 *   by: ({ remoteAddress }) => (offices.has(remoteAddress.hostname ?? "") ? undefined : addressKey(remoteAddress)),
 * });
 * ```
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
