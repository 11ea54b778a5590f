/** The single host of a network in memory: its names and addresses. */
import { plainHostname, SpillwayError } from "../core/mod.ts";

const ANY_V4 = "0.0.0.0";
const ANY = "::";
const MAPPED = "::ffff:";

/** Returns the numeric address to listen on. @throws {SpillwayError} `host-not-found`, `address-not-available` */
export function listenAddress(hostname: string): string {
  return hostname === ANY || hostname === ANY_V4 ? hostname : ownAddress(plainHostname(hostname));
}

/** Returns the numeric address to connect to; unspecified addresses mean this host. @throws as {@link listenAddress} */
export function targetAddress(hostname: string): string {
  if (hostname === ANY_V4) return "127.0.0.1";
  return hostname === ANY ? "::1" : ownAddress(plainHostname(hostname));
}

/** Reports whether a listener on `bound` accepts connections to `target`. `::` accepts IPv4 too. */
export function reaches(bound: string, target: string): boolean {
  return bound === target || bound === ANY || (bound === ANY_V4 && !target.includes(":"));
}

/** Reports whether two listeners would compete for the same connections. */
export function overlaps(one: string, other: string): boolean {
  return reaches(one, other) || reaches(other, one);
}

/** Returns an address as a connection accepted on `bound` shows it: a dual-stack listener maps IPv4 addresses. */
export function shownOn(bound: string, address: string): string {
  return bound === ANY && !address.includes(":") ? MAPPED + address : address;
}

function ownAddress(hostname: string): string {
  if (hostname === "localhost") return "127.0.0.1";
  if (hostname === "::1" || /^127(\.\d{1,3}){3}$/.test(hostname)) return hostname;
  if (hostname.includes(":") || /^\d{1,3}(\.\d{1,3}){3}$/.test(hostname)) {
    throw new SpillwayError("address-not-available", `${hostname} is not an address of this host`);
  }
  throw new SpillwayError("host-not-found", `${hostname} has no address`);
}
