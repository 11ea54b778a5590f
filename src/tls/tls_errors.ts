import { describe, type ErrorCode, type PeerCertificate, SpillwayError } from "../core/mod.ts";

const RESETS = new Set(["ECONNRESET", "EPIPE", "ECONNABORTED", "ERR_SOCKET_CLOSED", "connection-reset"]);

/** The checks that a certificate can fail, by the codes of OpenSSL and BoringSSL, and of `node:tls`. */
const CHECKS: Readonly<Record<string, string>> = {
  UNVERIFIED: "its authority is unknown, or it is self-signed, or it has expired",
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
  ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE: "it has sent no certificate",
  RESUMED_WITHOUT_VERIFICATION: "it belongs to a resumed session, and was not verified here before",
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
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: "the peer requires a certificate",
  ERR_SSL_TLSV1_ALERT_UNKNOWN_CA: "the peer does not know the authority of this side's certificate",
  ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE: "the peer refuses this side's certificate",
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED: "the peer says that this side's certificate has expired",
  ERR_SSL_SSLV3_ALERT_CERTIFICATE_UNKNOWN: "the peer refuses this side's certificate",
};

/** The checks that stand for several others on some runtime. */
const VAGUE = new Set(["UNABLE_TO_VERIFY_LEAF_SIGNATURE", "CERT_SIGNATURE_FAILURE", "UNABLE_TO_GET_ISSUER_CERT"]);

/** Returns the check that a certificate has failed, more exactly than some runtimes say it. */
export function failedCheck(code: string, certificate: PeerCertificate | undefined): string {
  if (certificate === undefined || !VAGUE.has(code)) return code;
  const now = Date.now();
  if (certificate.validTo < now) return "CERT_HAS_EXPIRED";
  if (certificate.validFrom > now) return "CERT_NOT_YET_VALID";
  return certificate.subject === certificate.issuer ? "DEPTH_ZERO_SELF_SIGNED_CERT" : code;
}

/** Maps the failure of a handshake, in which the peer may have sent a certificate. */
export function handshakeError(cause: unknown, certificate?: PeerCertificate): SpillwayError {
  const code = failedCheck(codeOf(cause), certificate);
  if (VAGUE.has(code) && certificate === undefined) return certificateError("UNVERIFIED", cause);
  if (CHECKS[code] !== undefined) return certificateError(code, cause);
  const why = HANDSHAKES[code] ?? (RESETS.has(code) ? "the peer broke off" : reasonOf(cause));
  return new SpillwayError("tls-failed", `the TLS handshake failed: ${why}`, { cause });
}

/** Returns the error of a certificate of the peer that failed a check. */
export function certificateError(code: string, cause?: unknown): SpillwayError {
  const message = `the certificate of the peer was refused: ${CHECKS[code] ?? `it was not verified (${code})`}`;
  return new SpillwayError("tls-failed", message, { cause });
}

/** Maps an error of a TLS connection after its handshake. */
export function connectionError(cause: unknown): SpillwayError {
  const code: ErrorCode = RESETS.has(codeOf(cause)) ? "connection-reset" : "connection-failed";
  return new SpillwayError(code, reasonOf(cause), { cause });
}

/** Returns the error of a write for which it is too late. */
export function closedError(): SpillwayError {
  return new SpillwayError("connection-reset", "the peer has closed the connection");
}

/** Returns the error of an end without close_notify. */
export function truncatedError(): SpillwayError {
  return new SpillwayError("unexpected-eof", "the connection ended without close_notify: it may have been cut off");
}

/** Returns the message of an error, of a line of OpenSSL's error queue only the reason. */
function reasonOf(cause: unknown): string {
  const message = describe(cause).trim();
  const reason = /:SSL routines:[^:]*:([^:\n]+)/.exec(message)?.[1];
  return reason === undefined ? message : reason.toLowerCase().replaceAll("_", " ");
}

/** Returns the code of an error of the runtime; Deno has codes without errors around them. */
export function codeOf(cause: unknown): string {
  if (typeof cause === "string") return cause;
  const { code } = (cause ?? {}) as { readonly code?: unknown };
  return typeof code === "string" ? code : "";
}
