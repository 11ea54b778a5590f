/** The TLVs of a header, and their statements. */
import type { Bytes, ProxyTlv } from "../core/mod.ts";
import { crc32c } from "./crc32c.ts";
import { invalidHeader } from "./errors.ts";
import type { ProxyHeader } from "./header.ts";
import { otherTlvs } from "./other_tlvs.ts";
import { readSsl, sslBytes, type TlsOptions } from "./ssl_tlv.ts";
import { copied, hexadecimal, readTlvs, refuseRepeated, type Tlv } from "./tlv.ts";
import { bytesTlv, textOf, textTlv } from "./tlv_text.ts";

const ALPN = 0x01;
const AUTHORITY = 0x02;
const CHECKSUM = 0x03;
const NOOP = 0x04;
const UNIQUE_ID = 0x05;
const SSL = 0x20;
const NETNS = 0x30;

/** The types that may come once. */
const SINGLE = [ALPN, AUTHORITY, CHECKSUM, UNIQUE_ID, SSL, NETNS];
const KNOWN = [...SINGLE, NOOP];

const MAX_UNIQUE_ID_BYTES = 128;
const CHECKSUM_BYTES = 4;
const ZEROS = new Uint8Array(CHECKSUM_BYTES);

/** The statements of TLVs. */
export type TlvFields = Pick<ProxyHeader, "alpn" | "authority" | "uniqueId" | "netns" | "tls" | "others">;

/** Options for TLVs. */
export interface TlvOptions extends Partial<Pick<ProxyHeader, "alpn" | "authority" | "netns">> {
  /** An identifier of the connection that the proxy has chosen: at most 128 bytes. Default: none. */
  readonly uniqueId?: Uint8Array;
  /** The TLS session between the peer and the proxy. Default: none. */
  readonly tls?: TlsOptions;
  /** TLVs of types that have no option. 0xe0 to 0xef belong to applications. Default: none. */
  readonly others?: readonly Tlv[];
  /** Whether the header carries a checksum (CRC-32C). Default: false. */
  readonly crc32c?: boolean;
}

/** Reads the vectors of a header. @throws {SpillwayError} `proxy-invalid` */
export function readFields(tlvs: readonly ProxyTlv[]): TlvFields {
  refuseRepeated(tlvs, SINGLE);
  const others: ProxyTlv[] = [];
  const fields: { -readonly [Name in keyof TlvFields]: TlvFields[Name] } = { others };
  for (const tlv of tlvs) {
    switch (tlv.type) {
      case ALPN:
        fields.alpn = textOf(tlv, "bytes");
        break;
      case AUTHORITY:
        fields.authority = textOf(tlv, "UTF-8");
        break;
      case UNIQUE_ID:
        fields.uniqueId = uniqueIdOf(tlv);
        break;
      case NETNS:
        fields.netns = textOf(tlv, "ASCII");
        break;
      case SSL: {
        const tls = readSsl(tlv.value);
        if (tls !== undefined) fields.tls = tls;
        break;
      }
      case CHECKSUM:
      case NOOP:
        break;
      default:
        others.push(copied(tlv));
    }
  }
  return fields;
}

function uniqueIdOf({ value }: ProxyTlv): Bytes {
  if (value.length <= MAX_UNIQUE_ID_BYTES) return value.slice();
  throw invalidHeader(
    `the TLV ${hexadecimal(UNIQUE_ID)} (unique ID) has ${value.length} bytes, not at most ${MAX_UNIQUE_ID_BYTES}`,
  );
}

/** Verifies the checksum of a header, if its vectors hold one. @throws {SpillwayError} `proxy-invalid` */
export function verifyChecksum(header: Bytes, tlvs: readonly ProxyTlv[]): void {
  for (const { type, value } of tlvs) {
    if (type !== CHECKSUM) continue;
    if (value.length !== CHECKSUM_BYTES) {
      throw invalidHeader(`the TLV ${hexadecimal(CHECKSUM)} (CRC-32C) has ${value.length} bytes, not 4`);
    }
    const [sent, computed] = [uint32(value).getUint32(0), checksumOf(header, value)];
    if (sent !== computed) {
      throw invalidHeader(`its checksum is ${hexadecimal(sent)}, but that of its bytes ${hexadecimal(computed)}`);
    }
  }
}

/** Fills in the checksum of a header whose vectors begin at `tlvsAt`, if they leave room for one. */
export function writeChecksum(header: Bytes, tlvsAt: number): void {
  const value = readTlvs(header.subarray(tlvsAt)).find(({ type }) => type === CHECKSUM)?.value;
  if (value !== undefined) uint32(value).setUint32(0, checksumOf(header, value));
}

/** Returns the checksum of a header, as if the view `value` of it were zeros. */
function checksumOf(header: Bytes, value: Bytes): number {
  const at = value.byteOffset - header.byteOffset;
  return crc32c(header.subarray(at + CHECKSUM_BYTES), crc32c(ZEROS, crc32c(header.subarray(0, at))));
}

function uint32({ buffer, byteOffset }: Bytes): DataView {
  return new DataView(buffer, byteOffset, CHECKSUM_BYTES);
}

/** Returns the vectors for options. @throws {TypeError | RangeError} an option is invalid */
export function tlvsOf(options: TlvOptions): Tlv[] {
  const { alpn, authority, uniqueId, netns, tls, others = [] } = options;
  const tlvs: Tlv[] = [];
  if (options.crc32c === true) tlvs.push({ type: CHECKSUM, value: new Uint8Array(CHECKSUM_BYTES) });
  if (alpn !== undefined) tlvs.push(textTlv("alpn", ALPN, alpn, "bytes"));
  if (authority !== undefined) tlvs.push(textTlv("authority", AUTHORITY, authority, "UTF-8"));
  if (uniqueId !== undefined) tlvs.push(bytesTlv("uniqueId", UNIQUE_ID, uniqueId, MAX_UNIQUE_ID_BYTES));
  if (tls !== undefined) tlvs.push(bytesTlv("tls", SSL, sslBytes(tls)));
  if (netns !== undefined) tlvs.push(textTlv("netns", NETNS, netns, "ASCII"));
  return [...tlvs, ...otherTlvs("others", others, KNOWN)];
}
