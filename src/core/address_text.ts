import type { Address } from "./transport.ts";

/** `127.0.0.1:8080`, `[::1]:8080`. */
export function addressText({ hostname, port }: Address): string {
  return hostname.includes(":") ? `[${hostname}]:${port}` : `${hostname}:${port}`;
}
