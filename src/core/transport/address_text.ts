import { escapeText } from "../errors/escape_text.ts";
import type { Address } from "./transport.ts";

/** A limit above the longest path that a kernel takes. */
const MOST_CHARACTERS = 256;

/**
 * Returns the text of an address: `127.0.0.1:8080`, `[::1]:8080`, `unix:/run/echo.sock`, `unix:@abstract`, `unix:`
 * without a name, or `unknown` for a connection that was reset before it was accepted. A peer chooses its path, so the
 * path is escaped.
 */
export function addressText({ hostname, port, path }: Address): string {
  if (path !== undefined) return `unix:${escapeText(path.replace(/^\0/, "@"), MOST_CHARACTERS)}`;
  if (hostname === "") return "unknown";
  return hostname.includes(":") ? `[${hostname}]:${port}` : `${hostname}:${port}`;
}
