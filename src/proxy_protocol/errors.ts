import { escapeText, SpillwayError } from "../core/mod.ts";
import { latin1Text } from "./text_bytes.ts";

/**
 * The codes of the PROXY protocol's own errors. They are close reasons of connections, too.
 *
 * | code | meaning | what to do |
 * |---|---|---|
 * | `proxy-invalid` | the connection does not begin with a valid header, although it comes from an address that must send one | Switch the header on in the proxy (`send-proxy-v2`, `proxy_protocol on`), or take the address out of `from`. |
 * | `proxy-timeout` | the header did not come within `headerTimeoutMs` | Health checks of a proxy need the header, too (`check-send-proxy`). |
 */
export type ProxyErrorCode = "proxy-invalid" | "proxy-timeout";

/** A {@link SpillwayError} of the PROXY protocol. */
export type ProxyError = SpillwayError<ProxyErrorCode>;

const CODES: Readonly<Record<ProxyErrorCode, true>> = { "proxy-invalid": true, "proxy-timeout": true };

/**
 * Reports whether an error is a {@link SpillwayError} with a code of the PROXY protocol.
 *
 * @example
 * ```ts
 * import { isProxyError, parseProxyHeader } from "spillway/proxy-protocol";
 *
 * try {
 *   parseProxyHeader(new TextEncoder().encode("PROXY TCP4 10.0.0.1 10.0.0.2 080 80\r\n"));
 * } catch (error) {
 *   console.log(isProxyError(error) && error.code); // proxy-invalid
 * }
 * ```
 */
export function isProxyError(error: unknown): error is ProxyError {
  return error instanceof SpillwayError && Object.hasOwn(CODES, error.code);
}

/** Makes the error of a header that breaks the specification. */
export function invalidHeader(what: string): ProxyError {
  return new SpillwayError<ProxyErrorCode>("proxy-invalid", `invalid PROXY header: ${what}`);
}

const LONGEST_EXCERPT = 60;

/** Quotes bytes of a peer for a message. */
export function quote(bytes: Uint8Array): string {
  return `"${escapeText(latin1Text(bytes), LONGEST_EXCERPT)}"`;
}
