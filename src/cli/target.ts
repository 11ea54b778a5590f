import { usageFailure } from "./failure.ts";
import { parseHostname, parseWholeNumber } from "./option_values.ts";

/** The server that `spillway connect` and `spillway bench` connect to. */
export interface Target {
  /** The target, as the user wrote it. */
  readonly text: string;
  readonly address: { readonly hostname: string; readonly port: number } | { readonly path: string };
  /** Whether the target itself asks for TLS: `tls://`, `tls+unix:`. */
  readonly tls: boolean;
}

const ALLOWED = "write host:port, tls://host:port, unix:/path or unix:@name";

/**
 * Parses a target: `host:port`, `[::1]:port`, `tls://host:port`, `unix:/path`, or `unix:@name` for an abstract socket. The
 * other forms of `serve --listen` are understood, too: `tcp://host:port` and `tls+unix:/path`.
 *
 * @throws {Failure} none of these
 */
export function parseTarget(text: string): Target {
  const refuse = (why: string) => usageFailure(`target '${text}': ${why}`);
  const [, scheme = "", rest = ""] = /^(tcp:\/\/|tls:\/\/|unix:|tls\+unix:)?(.*)$/s.exec(text) ?? [];
  const tls = scheme.startsWith("tls");
  if (scheme.endsWith("unix:")) {
    const path = rest.replace(/^@/, "\0");
    if (path === "" || path === "\0") throw refuse("write the path of the socket, such as unix:/run/echo.sock");
    return { text, address: { path }, tls };
  }
  const [, host, digits] = /^(\[[^\]]*\]|[^:]*):(\d+)$/.exec(rest) ?? [];
  if (host === undefined || host === "" || digits === undefined) throw refuse(ALLOWED);
  const port = parseWholeNumber(digits) ?? 0;
  if (port < 1 || port > 65_535) throw refuse("the port must be from 1 to 65535");
  try {
    return { text, address: { hostname: parseHostname(host), port }, tls };
  } catch {
    throw refuse(ALLOWED);
  }
}
