import { usageFailure } from "../failure.ts";
import { parseHostname, parseWholeNumber } from "../option_values.ts";

/** The admin endpoint that `spillway top` asks. */
export interface AdminPlace {
  /** The place for people, such as `127.0.0.1:9090`. */
  readonly text: string;
  /** Where to connect to, as `node:http` takes it. */
  readonly address: { readonly host: string; readonly port: number } | { readonly socketPath: string };
  /** The `Host` of a request. */
  readonly host: string;
}

const LOOPBACK = "127.0.0.1";
const ALLOWED = "write host:port, http://host:port, a port, or unix:/path";

/**
 * Parses the place of an admin endpoint: `127.0.0.1:9090`, `http://127.0.0.1:9090`, `9090`, `unix:/run/echo.admin`.
 *
 * @throws {Failure} none of these
 */
export function adminPlaceOf(given: string): AdminPlace {
  const refuse = (why: string) => usageFailure(`admin endpoint '${given}': ${why}`);
  if (given.startsWith("unix:")) {
    const socketPath = given.slice("unix:".length);
    if (socketPath === "" || socketPath.startsWith("@") || socketPath.includes("\0")) {
      throw refuse("write the path of the socket, such as unix:/run/echo.admin");
    }
    return { text: given, address: { socketPath }, host: "localhost" };
  }
  if (given.startsWith("https://")) throw refuse("the admin endpoint speaks no TLS: write http://host:port");
  const place = given.replace(/^http:\/\/(.*?)\/?$/s, "$1");
  const [, named, digits] = /^(?:(\[[^\]]*\]|[^:/]*):)?(\d+)$/.exec(place) ?? [];
  if (digits === undefined || named === "") throw refuse(ALLOWED);
  const port = parseWholeNumber(digits) ?? 0;
  if (port < 1 || port > 65_535) throw refuse("the port must be from 1 to 65535");
  try {
    const host = parseHostname(named ?? LOOPBACK);
    const text = `${host.includes(":") ? `[${host}]` : host}:${port}`;
    return { text, address: { host, port }, host: text };
  } catch {
    throw refuse(ALLOWED);
  }
}
