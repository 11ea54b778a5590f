import { describe, type ErrorCode, SpillwayError } from "../core/mod.ts";

const RESETS = new Set(["ECONNRESET", "EPIPE", "ECONNABORTED"]);

/** The checks that a certificate can fail, by the codes of OpenSSL and BoringSSL, and of `node:tls`. */
const CHECKS: Readonly<Record<string, string>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: "it is self-signed",
  SELF_SIGNED_CERT_IN_CHAIN: "its chain ends at an authority that is not trusted",
  UNABLE_TO_GET_ISSUER_CERT: "its authority is unknown",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "its authority is unknown",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "its authority is unknown",
  CERT_UNTRUSTED: "its authority is not trusted",
  CERT_SIGNATURE_FAILURE: "its signature is wrong",
  CERT_HAS_EXPIRED: "it has expired",
  CERT_NOT_YET_VALID: "it is not valid yet",
  CERT_REVOKED: "it was revoked",
  INVALID_PURPOSE: "it is for another purpose",
  INVALID_CA: "its chain has an authority that may not issue certificates",
  ERR_TLS_CERT_ALTNAME_INVALID: "it is for another name",
  HOSTNAME_MISMATCH: "it is for another name",
};

/** The failures of a handshake that have a common cause, with what to do. */
const HANDSHAKES: Readonly<Record<string, string>> = {
  ERR_SSL_HTTP_REQUEST: "the peer speaks HTTP without TLS",
  ERR_SSL_HTTPS_PROXY_REQUEST: "the peer speaks to an HTTP proxy",
  ERR_SSL_WRONG_VERSION_NUMBER: "the peer does not speak TLS",
  ERR_SSL_UNSUPPORTED_PROTOCOL: "the peer has no version of TLS that minVersion allows",
  ERR_SSL_NO_SHARED_CIPHER: "the peers have no cipher suite in common",
  ERR_SSL_NO_APPLICATION_PROTOCOL: "the peer asks for none of the protocols in alpn",
  ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE: "the peer has sent no certificate",
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: "the peer requires a certificate",
  ERR_SSL_TLSV1_ALERT_UNKNOWN_CA: "the peer does not know the authority of this side's certificate",
  ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE: "the peer refuses this side's certificate",
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED: "the peer says that this side's certificate has expired",
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_UNKNOWN: "the peer refuses this side's certificate",
};

/** Maps the failure of a handshake. */
export function handshakeError(cause: unknown): SpillwayError {
  const code = codeOf(cause);
  if (CHECKS[code] !== undefined) return certificateError(cause);
  const why = HANDSHAKES[code] ?? (RESETS.has(code) ? "the peer broke off" : describe(cause).trim());
  return new SpillwayError("tls-failed", `the TLS handshake failed: ${why}`, { cause });
}

/** Returns the error of a certificate of the peer that failed a check. */
export function certificateError(cause: unknown): SpillwayError {
  const code = codeOf(cause);
  const why = CHECKS[code] ?? describe(cause).trim();
  const message = `the certificate of the peer was refused: ${why}${code === "" ? "" : ` (${code})`}`;
  return new SpillwayError("tls-failed", message, { cause });
}

/** Maps an error of a TLS connection after its handshake. */
export function connectionError(cause: unknown): SpillwayError {
  const code: ErrorCode = RESETS.has(codeOf(cause)) ? "connection-reset" : "connection-failed";
  return new SpillwayError(code, describe(cause).trim(), { cause });
}

/** Returns the code of an error of the runtime; Deno has codes without errors around them. */
export function codeOf(cause: unknown): string {
  if (typeof cause === "string") return cause;
  const { code } = (cause ?? {}) as { readonly code?: unknown };
  return typeof code === "string" ? code : "";
}
