import type { Address } from "./transport.ts";

/** `127.0.0.1:8080`, `[::1]:8080`; `unknown` for the address of a connection that was reset before it was accepted. */
export function addressText({ hostname, port }: Address): string {
  if (hostname === "") return "unknown";
  return hostname.includes(":") ? `[${hostname}]:${port}` : `${hostname}:${port}`;
}
