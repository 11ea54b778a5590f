import { type Address, type Bytes, plainHostname } from "../core/mod.ts";
import { ipv4Bytes, ipv6Bytes, mappedBytes } from "./address_bytes.ts";
import { utf8Bytes } from "./text_bytes.ts";

/** The two addresses of a header, as bytes. */
export type Endpoints = InetEndpoints | UnixEndpoints;

interface InetEndpoints {
  readonly family: "inet" | "inet6";
  readonly source: Bytes;
  readonly destination: Bytes;
  readonly sourcePort: number;
  readonly destinationPort: number;
}

interface UnixEndpoints {
  readonly family: "unix";
  /** Paths, without the zeros behind them. */
  readonly source: Bytes;
  readonly destination: Bytes;
}

/** The bytes of a Unix address, as in `sockaddr_un`. */
export const PATH_BYTES = 108;

/**
 * Returns the bytes of two addresses. Of an IPv4 and an IPv6 address, the former becomes an IPv6 address. A zone is left
 * out: a header has no place for it.
 *
 * @throws {TypeError | RangeError} an address is not numeric, or too long; one is a path, and one is not
 */
export function endpointsOf(source: Address, destination: Address): Endpoints {
  if (source.path !== undefined && destination.path !== undefined) {
    return { family: "unix", source: pathBytes("source", source), destination: pathBytes("destination", destination) };
  }
  if (source.path !== undefined || destination.path !== undefined) {
    throw new TypeError("source and destination must both have a hostname and a port, or both a path");
  }
  const [from, to] = [numericBytes("source", source.hostname), numericBytes("destination", destination.hostname)];
  const ports = {
    sourcePort: checkedPort("source", source.port),
    destinationPort: checkedPort("destination", destination.port),
  };
  if (from.length === 4 && to.length === 4) return { family: "inet", source: from, destination: to, ...ports };
  return { family: "inet6", source: ipv6Of(from), destination: ipv6Of(to), ...ports };
}

function ipv6Of(bytes: Bytes): Bytes {
  return bytes.length === 4 ? mappedBytes(bytes) : bytes;
}

function numericBytes(name: string, hostname: string): Bytes {
  const plain = typeof hostname === "string" ? plainHostname(hostname.replace(/%.*$/s, "")) : "";
  const bytes = ipv4Bytes(plain) ?? ipv6Bytes(plain);
  if (bytes !== undefined) return bytes;
  throw new TypeError(`${name}.hostname must be a numeric address, not ${JSON.stringify(hostname)}`);
}

function checkedPort(name: string, port: number): number {
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  throw new RangeError(`${name}.port must be a whole number from 0 to 65535, not ${String(port)}`);
}

function pathBytes(name: string, { path }: { readonly path: string }): Bytes {
  const bytes = utf8Bytes(path);
  if (bytes.length > PATH_BYTES) {
    throw new RangeError(`${name}.path must have at most ${PATH_BYTES} bytes, not ${bytes.length}`);
  }
  // An abstract name begins with NUL, and may contain more.
  if (bytes[0] !== 0 && bytes.includes(0)) throw new TypeError(`${name}.path must not contain NUL`);
  return bytes;
}
