/**
 * The PROXY protocol, versions 1 and 2, as HAProxy specifies it: a proxy sends the addresses of the original connection in
 * a header before the first byte. {@link proxyProtocol} is the establish step of a server behind a proxy, {@link sendProxyHeader}
 * that of a proxy's own connections. {@link parseProxyHeader} and {@link proxyHeader} read and write headers.
 *
 * @module
 */
export { isProxyError, type ProxyError, type ProxyErrorCode } from "./errors.ts";
export type { ProxyHeader } from "./header.ts";
export { type ProxyHeaderLimits, parseProxyHeader } from "./parse_header.ts";
export { type ProxyProtocolOptions, proxyProtocol } from "./proxy_protocol.ts";
export { sendProxyHeader } from "./send_proxy_header.ts";
export type { TlsOptions } from "./ssl_tlv.ts";
export type { Tlv } from "./tlv.ts";
export type { TlvOptions } from "./tlv_fields.ts";
export { type ProxyHeaderOptions, proxyHeader } from "./write_header.ts";
