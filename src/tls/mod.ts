/**
 * TLS, through `node:tls`, on every runtime: {@link tls} is an establish step of a server, {@link tlsClient} one of a
 * client.
 *
 * @module
 */
export type { Certificate, Pem, ServerNames } from "./certificates.ts";
export { type ReloadOptions, type TlsOptions, type TlsStep, tls } from "./tls.ts";
export { type TlsClientContext, type TlsClientOptions, tlsClient } from "./tls_client.ts";
