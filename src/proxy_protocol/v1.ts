/** Version 1: one line of ASCII, which ends with CRLF. */
import { type Address, type Bytes, plainHostname } from "../core/mod.ts";
import { decimal, ipv4Bytes, ipv4Text, ipv6Bytes, ipv6Text } from "./address_bytes.ts";
import type { Endpoints } from "./endpoints.ts";
import { invalidHeader, quote } from "./errors.ts";
import type { ProxyHeader } from "./header.ts";
import { latin1Text, utf8Bytes } from "./text_bytes.ts";

/** The longest line, with its CRLF. */
const MAX_LINE_BYTES = 107;
const MAX_PORT = 65_535;

const UNKNOWN = /^PROXY UNKNOWN(?: |\r\n)/;
/** A CR or LF that is not part of a CRLF, in what comes before one. */
const LONE_LINE_BREAK = /\n|\r(?=[^\n])/;

/**
 * Returns the length of the line, or `undefined` while it is incomplete. The caller has seen that the bytes begin with
 * `PROXY `, as far as they have come.
 *
 * @throws {SpillwayError} `proxy-invalid`
 */
export function lengthOfV1(bytes: Uint8Array): number | undefined {
  const text = latin1Text(bytes.subarray(0, MAX_LINE_BYTES));
  const end = text.indexOf("\r\n");
  // The rest of an unknown line is ignored, whatever it contains.
  if (LONE_LINE_BREAK.test(end === -1 ? text : text.slice(0, end)) && !UNKNOWN.test(text)) {
    throw invalidHeader("CR and LF must come together");
  }
  if (end !== -1) return end + 2;
  if (text.length === MAX_LINE_BYTES) throw invalidHeader(`the first ${MAX_LINE_BYTES} bytes contain no CRLF`);
  return undefined;
}

/** Reads a whole line. @throws {SpillwayError} `proxy-invalid` */
export function parseV1(bytes: Uint8Array): ProxyHeader {
  const line = latin1Text(bytes);
  if (UNKNOWN.test(line)) return { version: 1, command: "proxy", transport: "unspecified", others: [] };
  const words = line.slice(0, -2).split(" ");
  const [, family = "", source = "", destination = "", sourcePort = "", destinationPort = ""] = words;
  if (family !== "TCP4" && family !== "TCP6") {
    throw invalidHeader(`the protocol must be TCP4, TCP6 or UNKNOWN: ${quote(bytes)}`);
  }
  const [from, to] = [addressOf(family, source, sourcePort), addressOf(family, destination, destinationPort)];
  if (words.length !== 6 || from === undefined || to === undefined) {
    throw invalidHeader(
      `${family} must be followed by two addresses and two ports, with a space before each: ${quote(bytes)}`,
    );
  }
  return { version: 1, command: "proxy", transport: "tcp", source: from, destination: to, others: [] };
}

function addressOf(family: "TCP4" | "TCP6", hostname: string, port: string): Address | undefined {
  const number = decimal(port, MAX_PORT);
  if (number === undefined) return undefined;
  if (family === "TCP4") return ipv4Bytes(hostname) && { hostname, port: number };
  const bytes = ipv6Bytes(hostname);
  return bytes && { hostname: plainHostname(ipv6Text(bytes)), port: number };
}

/** Returns the line for a connection, which is unknown unless it is over TCP. */
export function writeV1(transport: ProxyHeader["transport"], endpoints: Endpoints | undefined): Bytes {
  if (transport !== "tcp" || endpoints === undefined || endpoints.family === "unix") {
    return utf8Bytes("PROXY UNKNOWN\r\n");
  }
  const { family, source, destination, sourcePort, destinationPort } = endpoints;
  const [name, textOf] = family === "inet" ? (["TCP4", ipv4Text] as const) : (["TCP6", ipv6Text] as const);
  return utf8Bytes(`PROXY ${name} ${textOf(source)} ${textOf(destination)} ${sourcePort} ${destinationPort}\r\n`);
}
