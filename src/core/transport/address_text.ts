import { escapeText } from "../errors/escape_text.ts";
import type { Address } from "./transport.ts";

/** The longest path that a kernel takes is shorter. */
const MOST_CHARACTERS = 256;

/**
 * `127.0.0.1:8080`, `[::1]:8080`, `unix:/run/echo.sock`, `unix:@abstract`, and `unix:` for one that has no name; `unknown` for the address of
 * a connection that was reset before it was accepted. A peer chooses its path, so that is escaped.
 */
export function addressText({ hostname, port, path }: Address): string {
  if (path !== undefined) return `unix:${escapeText(path.replace(/^\0/, "@"), MOST_CHARACTERS)}`;
  if (hostname === "") return "unknown";
  return hostname.includes(":") ? `[${hostname}]:${port}` : `${hostname}:${port}`;
}
