import type { Address, Bytes, ProxyInfo, ProxyTlsInfo, ProxyTlv } from "../core/mod.ts";

/** The contents of a PROXY header. */
export interface ProxyHeader extends Omit<ProxyInfo, "from" | "tls"> {
  /**
   * The original remote address. Absent with the transport `"unspecified"` (version 1: `UNKNOWN`) and with the command
   * `"local"`: the addresses of the connection itself hold.
   */
  readonly source?: Address;
  /** The address to which the original peer connected. Present with `source`. */
  readonly destination?: Address;
  /** Present if the original peer connected over TLS. */
  readonly tls?: ProxyTls;
}

/** The TLS session between the original peer and the proxy (`PP2_TYPE_SSL`). */
export interface ProxyTls extends ProxyTlsInfo {
  /** The group of the key exchange, for example `secp256r1`. */
  readonly keyExchangeGroup?: string;
  /** The algorithm of the proxy's signature in the handshake, for example `rsa_pss_rsae_sha256`. */
  readonly signatureScheme?: string;
  /** The certificate of the peer, in DER. */
  readonly certificate?: Bytes;
  /** The statements about TLS that this version does not know, as they came. */
  readonly others: readonly ProxyTlv[];
}
