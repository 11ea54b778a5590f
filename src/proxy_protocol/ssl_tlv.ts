/** The value of an SSL vector: flags, the result of a verification, and vectors of its own. */
import { type Bytes, checkOptions, type OptionNames, type ProxyTlsInfo, type ProxyTlv } from "../core/mod.ts";
import { invalidHeader } from "./errors.ts";
import { otherTlvs } from "./other_tlvs.ts";
import { copied, readTlvs, refuseRepeated, type Tlv, tlvBytes } from "./tlv.ts";
import { bytesTlv, type TextEncoding, textOf, textTlv } from "./tlv_text.ts";

/** The peer connected over TLS. */
const OVER_TLS = 0x01;
/** The peer presented a certificate in this connection. */
const CERTIFICATE_OF_CONNECTION = 0x02;
/** The peer presented a certificate at least once in its TLS session. */
const CERTIFICATE_OF_SESSION = 0x04;

const FLAG_BYTES = 5;
/** Any number but 0. OpenSSL calls it `X509_V_ERR_UNSPECIFIED`. */
const NOT_VERIFIED = 1;

const TEXTS = [
  ["version", 0x21, "ASCII"],
  ["commonName", 0x22, "UTF-8"],
  ["cipher", 0x23, "ASCII"],
  ["signatureAlgorithm", 0x24, "ASCII"],
  ["keyAlgorithm", 0x25, "ASCII"],
  ["keyExchangeGroup", 0x26, "ASCII"],
  ["signatureScheme", 0x27, "ASCII"],
] as const satisfies readonly (readonly [keyof ProxyTlsInfo, number, TextEncoding])[];
const CERTIFICATE = 0x28;
const TYPES: readonly number[] = [...TEXTS.map(([, type]) => type), CERTIFICATE];

/** The fields of {@link ProxyTlsInfo}, to be written. Default: a peer without a certificate. */
export interface TlsOptions extends Partial<Omit<ProxyTlsInfo, "certificate" | "others">> {
  /** The certificate of the peer, in DER. Default: none. */
  readonly certificate?: Uint8Array;
  /** TLVs of types that have no option. Default: none. */
  readonly others?: readonly Tlv[];
}

const OPTIONS: OptionNames<TlsOptions> = {
  verified: true,
  clientCertificate: true,
  version: true,
  commonName: true,
  cipher: true,
  signatureAlgorithm: true,
  keyAlgorithm: true,
  keyExchangeGroup: true,
  signatureScheme: true,
  certificate: true,
  others: true,
};

/** Reads the value. Returns `undefined` if the peer did not connect over TLS. @throws {SpillwayError} `proxy-invalid` */
export function readSsl(value: Bytes): ProxyTlsInfo | undefined {
  if (value.length < FLAG_BYTES) throw invalidHeader(`the TLV 0x20 (SSL) has ${value.length} bytes, not at least 5`);
  const flags = value[0] as number;
  const tlvs = readTlvs(value.subarray(FLAG_BYTES));
  refuseRepeated(tlvs, TYPES);
  const clientCertificate = certificateOf(flags);
  const others: ProxyTlv[] = [];
  const tls: { -readonly [Name in keyof ProxyTlsInfo]: ProxyTlsInfo[Name] } = {
    verified: clientCertificate !== "none" && value.subarray(1, FLAG_BYTES).every((byte) => byte === 0),
    clientCertificate,
    others,
  };
  for (const tlv of tlvs) {
    const text = TEXTS.find(([, type]) => type === tlv.type);
    if (text !== undefined) tls[text[0]] = textOf(tlv, text[2]);
    else if (tlv.type === CERTIFICATE) tls.certificate = tlv.value.slice();
    else others.push(copied(tlv));
  }
  return (flags & OVER_TLS) === 0 ? undefined : tls;
}

function certificateOf(flags: number): ProxyTlsInfo["clientCertificate"] {
  if ((flags & CERTIFICATE_OF_CONNECTION) !== 0) return "connection";
  return (flags & CERTIFICATE_OF_SESSION) !== 0 ? "session" : "none";
}

/** Returns the value for an option. @throws {TypeError | RangeError} an invalid option */
export function sslBytes(tls: TlsOptions): Bytes {
  checkOptions(tls, OPTIONS);
  const { verified = false, clientCertificate = "none", certificate, others = [] } = tls;
  if (verified && clientCertificate === "none") {
    throw new TypeError("tls.verified needs a certificate: set tls.clientCertificate, too");
  }
  const tlvs: Tlv[] = [];
  for (const [name, type, encoding] of TEXTS) {
    const text = tls[name];
    if (text !== undefined) tlvs.push(textTlv(`tls.${name}`, type, text, encoding));
  }
  if (certificate !== undefined) tlvs.push(bytesTlv("tls.certificate", CERTIFICATE, certificate));
  tlvs.push(...otherTlvs("tls.others", others, TYPES));
  return Uint8Array.from([flagsOf(clientCertificate), 0, 0, 0, verified ? 0 : NOT_VERIFIED, ...tlvBytes(tlvs)]);
}

function flagsOf(clientCertificate: ProxyTlsInfo["clientCertificate"]): number {
  switch (clientCertificate) {
    case "none":
      return OVER_TLS;
    case "session":
      return OVER_TLS | CERTIFICATE_OF_SESSION;
    case "connection":
      return OVER_TLS | CERTIFICATE_OF_SESSION | CERTIFICATE_OF_CONNECTION;
    default:
      throw new RangeError(
        `tls.clientCertificate must be "none", "session" or "connection", not ${JSON.stringify(clientCertificate)}`,
      );
  }
}
