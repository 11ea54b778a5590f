/** Version 2: a signature, a command, an address family, two addresses and TLVs, in binary. */
import { type Address, type Bytes, type ProxyTlv, plainHostname } from "../core/mod.ts";
import { ipv4Text, ipv6Text } from "./address_bytes.ts";
import { type Endpoints, PATH_BYTES } from "./endpoints.ts";
import { invalidHeader } from "./errors.ts";
import type { ProxyHeader } from "./header.ts";
import { pathText } from "./text_bytes.ts";
import { hexadecimal, readTlvs, type Tlv, tlvBytes } from "./tlv.ts";
import { readFields, verifyChecksum, writeChecksum } from "./tlv_fields.ts";

/** The first bytes. */
export const SIGNATURE: Bytes = Uint8Array.of(13, 10, 13, 10, 0, 13, 10, 0x51, 0x55, 0x49, 0x54, 10);

/** The bytes before the addresses. */
const FIXED_BYTES = 16;
const COMMAND_AT = 12;
const FAMILY_AT = 13;
const LENGTH_AT = 14;
/** The most bytes behind the fixed ones: their length has 16 bits. */
const MAX_BLOCK_BYTES = 0xffff;

const VERSION = 2;
const LOCAL = 0;
const PROXY = 1;

const FAMILIES = ["unspecified", "inet", "inet6", "unix"] as const;
const TRANSPORTS = ["unspecified", "stream", "datagram"] as const;
const ADDRESS_BYTES = { unspecified: 0, inet: 12, inet6: 36, unix: 2 * PATH_BYTES } as const;

/**
 * Returns the length of the header, or `undefined` while it is not known, or the header incomplete. Refuses a header at
 * the first byte that cannot be one. The caller has checked the signature, as far as it has come.
 *
 * @throws {SpillwayError} `proxy-invalid`
 */
export function lengthOfV2(bytes: Uint8Array, maxHeaderBytes: number): number | undefined {
  const command = bytes[COMMAND_AT];
  if (command === undefined) return undefined;
  checkCommand(command);
  const family = bytes[FAMILY_AT];
  if (family === undefined) return undefined;
  // The family of a local connection is ignored.
  const addressBytes = isLocal(command) ? 0 : ADDRESS_BYTES[familyOf(family)];
  if (bytes.length < FIXED_BYTES) return undefined;
  const block = ((bytes[LENGTH_AT] as number) << 8) | (bytes[LENGTH_AT + 1] as number);
  if (block < addressBytes) {
    throw invalidHeader(`the family ${hexadecimal(family)} has ${addressBytes} bytes of addresses, not ${block}`);
  }
  const length = FIXED_BYTES + block;
  if (length > maxHeaderBytes) throw invalidHeader(`${length} bytes are more than maxHeaderBytes (${maxHeaderBytes})`);
  return length <= bytes.length ? length : undefined;
}

/** Reads a whole header, whose fixed bytes {@link lengthOfV2} has checked. @throws {SpillwayError} `proxy-invalid` */
export function parseV2(bytes: Bytes): ProxyHeader {
  if (isLocal(bytes[COMMAND_AT] as number)) return parseLocal(bytes);
  const code = bytes[FAMILY_AT] as number;
  const family = familyOf(code);
  const stream = TRANSPORTS[code & 0x0f];
  const block = bytes.subarray(FIXED_BYTES);
  const tlvs = readTlvs(block.subarray(ADDRESS_BYTES[family]));
  verifyChecksum(bytes, tlvs);
  const fields = readFields(tlvs);
  if (family === "unspecified" || stream === "unspecified") {
    return { version: 2, command: "proxy", transport: "unspecified", ...fields };
  }
  const transport = family === "unix" ? "unix" : stream === "stream" ? "tcp" : "udp";
  const [source, destination] = addressesIn(block, family);
  return { version: 2, command: "proxy", transport, source, destination, ...fields };
}

/**
 * Reads the header of a connection that the proxy made for itself. It must be accepted whatever family and addresses it
 * names; only a checksum, where there is one, must be right.
 */
function parseLocal(bytes: Bytes): ProxyHeader {
  const tlvs = tlvsIfAny(bytes);
  if (tlvs !== undefined) verifyChecksum(bytes, tlvs);
  return { version: 2, command: "local", transport: "unspecified", others: [] };
}

function tlvsIfAny(bytes: Bytes): ProxyTlv[] | undefined {
  try {
    return readTlvs(bytes.subarray(FIXED_BYTES + ADDRESS_BYTES[familyOf(bytes[FAMILY_AT] as number)]));
  } catch {
    return undefined;
  }
}

/** Returns a header. @throws {RangeError} its vectors are too long */
export function writeV2(
  { command, transport }: Pick<ProxyHeader, "command" | "transport">,
  endpoints: Endpoints | undefined,
  tlvs: readonly Tlv[],
): Bytes {
  const addresses = endpoints === undefined ? new Uint8Array(0) : bytesOf(endpoints);
  const vectors = tlvBytes(tlvs);
  const length = addresses.length + vectors.length;
  if (length > MAX_BLOCK_BYTES) {
    throw new RangeError(`the addresses and TLVs must have at most ${MAX_BLOCK_BYTES} bytes, not ${length}`);
  }
  const family = FAMILIES.indexOf(endpoints?.family ?? "unspecified");
  const stream = endpoints === undefined ? 0 : transport === "udp" ? 2 : 1;
  const bytes = new Uint8Array(FIXED_BYTES + length);
  bytes.set(SIGNATURE);
  bytes[COMMAND_AT] = (VERSION << 4) | (command === "local" ? LOCAL : PROXY);
  bytes[FAMILY_AT] = (family << 4) | stream;
  bytes.set([length >> 8, length & 0xff], LENGTH_AT);
  bytes.set(addresses, FIXED_BYTES);
  bytes.set(vectors, FIXED_BYTES + addresses.length);
  writeChecksum(bytes, FIXED_BYTES + addresses.length);
  return bytes;
}

function checkCommand(byte: number): void {
  if (byte >> 4 !== VERSION) throw invalidHeader(`the version behind the signature must be 2, not ${byte >> 4}`);
  const command = byte & 0x0f;
  if (command !== LOCAL && command !== PROXY) {
    throw invalidHeader(`the command must be 0 (LOCAL) or 1 (PROXY), not ${command}`);
  }
}

function isLocal(byte: number): boolean {
  return (byte & 0x0f) === LOCAL;
}

function familyOf(byte: number): (typeof FAMILIES)[number] {
  const family = FAMILIES[byte >> 4];
  if (family !== undefined && (byte & 0x0f) < TRANSPORTS.length) return family;
  throw invalidHeader(`there is no family and transport ${hexadecimal(byte)}`);
}

function addressesIn(block: Bytes, family: "inet" | "inet6" | "unix"): [Address, Address] {
  if (family === "unix") {
    return [
      { path: pathIn(block.subarray(0, PATH_BYTES)) },
      { path: pathIn(block.subarray(PATH_BYTES, 2 * PATH_BYTES)) },
    ];
  }
  const size = family === "inet" ? 4 : 16;
  const hostname = (bytes: Bytes): string => (size === 4 ? ipv4Text(bytes) : plainHostname(ipv6Text(bytes)));
  const view = new DataView(block.buffer, block.byteOffset);
  return [
    { hostname: hostname(block.subarray(0, size)), port: view.getUint16(2 * size) },
    { hostname: hostname(block.subarray(size, 2 * size)), port: view.getUint16(2 * size + 2) },
  ];
}

/** An abstract name begins with NUL and may contain more. Any other path ends before the first one. */
function pathIn(bytes: Bytes): string {
  const end = bytes[0] === 0 ? bytes.findLastIndex((byte) => byte !== 0) + 1 : bytes.indexOf(0);
  return pathText(end === -1 ? bytes : bytes.subarray(0, end));
}

function bytesOf(endpoints: Endpoints): Bytes {
  const bytes = new Uint8Array(ADDRESS_BYTES[endpoints.family]);
  const { family, source, destination } = endpoints;
  bytes.set(source);
  if (family === "unix") {
    bytes.set(destination, PATH_BYTES);
    return bytes;
  }
  bytes.set(destination, source.length);
  const view = new DataView(bytes.buffer);
  view.setUint16(2 * source.length, endpoints.sourcePort);
  view.setUint16(2 * source.length + 2, endpoints.destinationPort);
  return bytes;
}
