import { connectToFirst } from "./connect_to_first.ts";
import type { Connection, TcpConnectOptions } from "./transport.ts";

/** The calls of a runtime that {@link connectByName} makes. */
export interface Connector {
  /** Resolves a name through the system on every call; results are not cached. @throws {SpillwayError} */
  lookup(options: TcpConnectOptions): Promise<string[]>;
  /** Connects to a numeric address. @throws {SpillwayError} */
  connect(options: TcpConnectOptions): Promise<Connection>;
}

/** Matches a numeric address, with or without a zone. */
const NUMERIC = /:|^\d+\.\d+\.\d+\.\d+$/;

/**
 * Connects to an address or a name: resolves a name and tries its addresses as {@link connectToFirst} does, in the order
 * of the system, but IPv6 and IPv4 by turns (RFC 8305, section 4): if one of them does not work here, the second attempt
 * is of the other.
 *
 * @throws {SpillwayError} what the connector throws; `connect-aborted`
 */
export async function connectByName(options: TcpConnectOptions, connector: Connector): Promise<Connection> {
  const { hostname, signal } = options;
  if (NUMERIC.test(hostname)) return connector.connect(options);
  const addresses = interleaved(await connector.lookup(options));
  const connect = (address: string, whileWanted: AbortSignal) =>
    connector.connect({ ...options, hostname: address, signal: whileWanted });
  return connectToFirst({ hostname, addresses, connect }, signal);
}

function isSix(address: string | undefined): boolean {
  return address?.includes(":") === true;
}

/** Returns the addresses so that the families alternate, beginning with that of the first. */
function interleaved(addresses: readonly string[]): string[] {
  const first = addresses.filter((address) => isSix(address) === isSix(addresses[0]));
  const others = addresses.filter((address) => isSix(address) !== isSix(addresses[0]));
  return first
    .flatMap((address, index) => [address, ...others.slice(index, index + 1)])
    .concat(others.slice(first.length));
}
