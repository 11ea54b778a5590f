import type { Address, Bytes } from "../core/mod.ts";

/** What a PROXY header says. */
export interface ProxyHeader {
  readonly version: 1 | 2;
  /**
   * `"proxy"`: the connection is relayed for another peer. `"local"`: the proxy speaks for itself, for example to check
   * the server's health.
   */
  readonly command: "proxy" | "local";
  /**
   * The transport of the relayed connection. With `"unspecified"` (version 1: `UNKNOWN`) and with the command `"local"`
   * there are no addresses: those of the connection itself hold.
   */
  readonly transport: "tcp" | "udp" | "unix" | "unspecified";
  /** The original remote address. */
  readonly source?: Address;
  /** The address to which the original peer connected. */
  readonly destination?: Address;
  /** The protocol that was negotiated with the original peer (ALPN). One character for each byte. */
  readonly alpn?: string;
  /** The host name that the original peer asked for, for example by SNI. */
  readonly authority?: string;
  /** A name for the connection, at most 128 bytes. */
  readonly uniqueId?: Bytes;
  /** The network namespace of the proxy. */
  readonly netns?: string;
  /** Present if the original peer connected over TLS. */
  readonly tls?: ProxyTls;
  /** TLVs of types that this version does not know, in their order. */
  readonly others: readonly ProxyTlv[];
}

/** What a proxy says of the TLS connection that it ended (`PP2_TYPE_SSL`). */
export interface ProxyTls {
  /**
   * Whether the peer has presented a certificate and the proxy has verified it. False if there is no certificate,
   * whatever the proxy sent: HAProxy reports success then.
   */
  readonly verified: boolean;
  /** Whether the peer presented a certificate: in this connection, or earlier in its TLS session. */
  readonly clientCertificate: "none" | "connection" | "session";
  /** For example `TLSv1.3`. */
  readonly version?: string;
  /** The common name of the peer's certificate. Trust it only if `verified`. */
  readonly commonName?: string;
  /** For example `TLS_AES_256_GCM_SHA384`. */
  readonly cipher?: string;
  /** The algorithm that signed the proxy's certificate, for example `RSA-SHA256`. */
  readonly signatureAlgorithm?: string;
  /** The kind of key of the proxy's certificate, for example `RSA2048`. */
  readonly keyAlgorithm?: string;
  /** The group of the key exchange, for example `secp256r1`. */
  readonly keyExchangeGroup?: string;
  /** The algorithm of the proxy's signature in the handshake, for example `rsa_pss_rsae_sha256`. */
  readonly signatureScheme?: string;
  /** The peer's certificate, in DER. */
  readonly certificate?: Bytes;
  /** TLVs inside this one of types that this version does not know. */
  readonly others: readonly ProxyTlv[];
}

/** A type, length and value, as they came. */
export interface ProxyTlv {
  /** 0 to 255. 0xe0 to 0xef belong to applications. */
  readonly type: number;
  readonly value: Bytes;
}
