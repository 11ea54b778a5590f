import { isIP } from "node:net";
import type { Address } from "../../core/mod.ts";

/** A target: an address, or a name whose addresses are looked up again and again. */
export type Target = { readonly address: Address } | NamedTarget;

/** A name and a port. */
export interface NamedTarget {
  readonly name: string;
  readonly port: number;
}

/** The most targets that may be named, and addresses that are used of one name. */
const MOST_TARGETS = 1_024;

/**
 * Parses targets: `host:port`, `[::1]:port`, `unix:/path`, or addresses.
 *
 * @throws {TypeError | RangeError} a target that is none, or none at all
 */
export function parseTargets(given: unknown): Target[] {
  const targets = typeof given === "string" ? given.split(",") : given;
  if (!Array.isArray(targets))
    throw new TypeError('targets must be a list, such as ["10.0.0.1:9000", "workers.internal:9000"]');
  if (targets.length === 0 || targets.length > MOST_TARGETS) {
    throw new RangeError(`targets must name 1 to ${MOST_TARGETS} servers, not ${targets.length}`);
  }
  return targets.map((target: unknown) =>
    typeof target === "string" ? parseText(target.trim()) : parseAddress(target),
  );
}

/** Returns the addresses of a name that are used: those of IPv4, or of IPv6 if there are none. One server often has both. */
export function chosen(addresses: readonly string[]): string[] {
  const numeric = addresses.filter((address) => isIP(address) !== 0);
  const preferred = numeric.filter((address) => isIP(address) === 4);
  return [...new Set(preferred.length > 0 ? preferred : numeric)].slice(0, MOST_TARGETS);
}

interface BunDns {
  lookup(name: string): Promise<readonly { readonly address: string }[]>;
}

/** Looks up the addresses of a name as other programs of the machine do. */
export async function lookUp(name: string): Promise<string[]> {
  const { Bun } = globalThis as { readonly Bun?: { readonly dns: BunDns } };
  // Bun's node:dns keeps an answer for 30 s.
  const addresses = await (Bun?.dns.lookup(name) ?? (await import("node:dns/promises")).lookup(name, { all: true }));
  return addresses.map(({ address }) => address);
}

function parseText(text: string): Target {
  const path = /^unix:(.+)$/s.exec(text)?.[1] ?? (/^[/@]/.test(text) ? text : undefined);
  if (path !== undefined) return { address: { path: path.replace(/^@/, "\0") } };
  const [, bracketed, plain, digits] = /^(?:tcp:\/\/)?(?:\[([^\]]+)\]|([^:/\s]+)):(\d+)\/?$/.exec(text) ?? [];
  const hostname = bracketed ?? plain;
  if (hostname === undefined) {
    throw new TypeError(`a target must be host:port, [ipv6]:port or unix:/path, not ${JSON.stringify(text)}`);
  }
  return of(hostname, Number(digits));
}

function parseAddress(target: unknown): Target {
  const { hostname, path, port } = (target ?? {}) as Partial<Record<"hostname" | "path" | "port", unknown>>;
  if (typeof path === "string" && path !== "") return { address: { path } };
  if (typeof hostname === "string" && hostname !== "" && typeof port === "number") return of(hostname, port);
  throw new TypeError("a target must be text, { hostname, port } or { path }");
}

function of(hostname: string, port: number): Target {
  if (!Number.isInteger(port) || port < 1 || port > 65_535) {
    throw new RangeError(`the port of a target must be a whole number from 1 to 65535, not ${port}`);
  }
  return isIP(hostname) === 0 ? { name: hostname, port } : { address: { hostname, port } };
}
