import type { Address } from "./address.ts";
import type { Bytes } from "./bytes.ts";

/** The identity of a connection. */
export interface ConnectionInfo extends ConnectionFacts {
  /** The number of the connection, from 1 within one server. */
  readonly id: number;
  /** The address of the peer: behind a PROXY header, the original one. */
  readonly remoteAddress: Address;
  /** The address of this side that the peer connected to. */
  readonly localAddress: Address;
}

/** The facts that the establish steps have found out about a connection. */
export interface ConnectionFacts {
  /** The TLS session, if the connection is encrypted. */
  readonly tls?: TlsInfo | undefined;
  /** The PROXY header, if the connection began with one. */
  readonly proxy?: ProxyInfo | undefined;
}

/** A TLS session. */
export interface TlsInfo {
  /** `TLSv1.2` or `TLSv1.3`. */
  readonly protocol: string;
  /** The cipher suite, by its IANA name. */
  readonly cipher: string;
  /** The protocol that ALPN has chosen. Absent if the peers did not agree on one. */
  readonly alpn?: string;
  /** The server name that the client has asked for (SNI). */
  readonly serverName?: string;
  /** The certificate of the peer, if it has sent one, whether or not it was verified. */
  readonly peerCertificate?: PeerCertificate;
  /** Whether the certificate of the peer was verified. */
  readonly authorized: boolean;
  /** The reason why the certificate of the peer was not verified, such as `CERT_HAS_EXPIRED`. */
  readonly authorizationError?: string;
  /** Whether the session was resumed, without a new exchange of certificates. */
  readonly resumed: boolean;
}

/** The certificate of a peer. */
export interface PeerCertificate {
  /** The distinguished name, such as `CN=device-7,O=Example`. */
  readonly subject: string;
  /** The common name of the subject. */
  readonly commonName?: string;
  /** The alternative names, such as `DNS:device-7.example` and `URI:spiffe://example/device-7`. */
  readonly subjectAltNames: readonly string[];
  /** The distinguished name of the issuer. */
  readonly issuer: string;
  /** The SHA-256 fingerprint: pairs of hexadecimal digits with colons between them. */
  readonly fingerprint256: string;
  /** The serial number, in hexadecimal digits. */
  readonly serialNumber: string;
  /** The beginning of its validity, in ms since 1970. */
  readonly validFrom: number;
  /** The end of its validity, in ms since 1970. */
  readonly validTo: number;
}

/** The statements of a PROXY header, beside the addresses. */
export interface ProxyInfo {
  /** The version of the header. */
  readonly version: 1 | 2;
  /** `local`: the proxy speaks for itself, for example to check that the server is there. */
  readonly command: "proxy" | "local";
  /** The transport protocol between the peer and the proxy. */
  readonly transport: "tcp" | "udp" | "unix" | "unspecified";
  /** The address of the proxy, from which the connection came. */
  readonly from: Address;
  /** The protocol that ALPN has chosen between the peer and the proxy. */
  readonly alpn?: string;
  /** The host name that the peer has asked the proxy for (SNI). */
  readonly authority?: string;
  /** An identifier of the connection that the proxy has chosen. */
  readonly uniqueId?: Bytes;
  /** The name of the proxy's network namespace. */
  readonly netns?: string;
  /** The TLS session between the peer and the proxy. */
  readonly tls?: ProxyTlsInfo;
  /** The statements that this version does not know, as they came. */
  readonly others: readonly ProxyTlv[];
}

/** The TLS session between a peer and its proxy, as the PROXY header states it. */
export interface ProxyTlsInfo {
  /** Whether the peer has sent a certificate, and the proxy has verified it. */
  readonly verified: boolean;
  /** Whether the peer has sent a certificate: on this connection, or in the session that it resumes. */
  readonly clientCertificate: "none" | "connection" | "session";
  /** The version of TLS, such as `TLSv1.3`. */
  readonly version?: string;
  /** The common name of the peer's certificate. It proves nothing unless `verified`. */
  readonly commonName?: string;
  /** The cipher suite, such as `TLS_AES_256_GCM_SHA384`. */
  readonly cipher?: string;
  /** The algorithm that signed the certificate of the proxy, such as `RSA-SHA256`. */
  readonly signatureAlgorithm?: string;
  /** The kind of key in the certificate of the proxy, such as `RSA2048`. */
  readonly keyAlgorithm?: string;
  /** The group of the key exchange, such as `secp256r1`. */
  readonly keyExchangeGroup?: string;
  /** The algorithm of the proxy's signature in the handshake, such as `rsa_pss_rsae_sha256`. */
  readonly signatureScheme?: string;
  /** The certificate of the peer, in DER. */
  readonly certificate?: Bytes;
  /** The statements about the session that this version does not know, as they came. */
  readonly others: readonly ProxyTlv[];
}

/** A type-length-value field of a PROXY header. */
export interface ProxyTlv {
  /** The type, 0 to 255. */
  readonly type: number;
  /** The value, as it was sent. */
  readonly value: Bytes;
}

/** Returns the info of a connection that is served from now on. */
export function connectionInfo(id: number, connection: Omit<ConnectionInfo, "id">): ConnectionInfo {
  const { remoteAddress, localAddress, tls, proxy } = connection;
  const info = { id, remoteAddress, localAddress };
  return tls === undefined && proxy === undefined ? info : { ...info, ...(tls && { tls }), ...(proxy && { proxy }) };
}
