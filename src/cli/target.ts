import { usageFailure } from "./failure.ts";
import { parseHostname, parseWholeNumber } from "./option_values.ts";

/** The server that `spillway connect` and `spillway bench` connect to. */
export interface Target {
  /** The target, as the user wrote it. */
  readonly text: string;
  readonly address: { readonly hostname: string; readonly port: number } | { readonly path: string };
  /** Whether the target itself asks for TLS: `tls://`. */
  readonly tls: boolean;
}

const ALLOWED = "write host:port, tls://host:port, unix:/path or unix:@name";

/** Parses a target: `host:port`, `[::1]:port`, `tls://host:port`, `unix:/path`, or `unix:@name` for an abstract socket. @throws {Failure} */
export function parseTarget(text: string): Target {
  const refuse = (why: string) => usageFailure(`target '${text}': ${why}`);
  if (text.startsWith("unix:")) {
    const path = text.slice("unix:".length).replace(/^@/, "\0");
    if (path === "" || path === "\0") throw refuse("write the path of the socket, such as unix:/run/echo.sock");
    return { text, address: { path }, tls: false };
  }
  const tls = text.startsWith("tls://");
  const [, host, digits] = /^(\[[^\]]*\]|[^:]*):(\d+)$/.exec(tls ? text.slice("tls://".length) : text) ?? [];
  if (host === undefined || host === "" || digits === undefined) throw refuse(ALLOWED);
  const port = parseWholeNumber(digits) ?? 0;
  if (port < 1 || port > 65_535) throw refuse("the port must be from 1 to 65535");
  try {
    return { text, address: { hostname: parseHostname(host), port }, tls };
  } catch {
    throw refuse(ALLOWED);
  }
}
