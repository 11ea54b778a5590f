import { plainAddress } from "./plain_address.ts";
import type { TcpAddress } from "./transport.ts";

let lastHostname = "";
let last: TcpAddress = { hostname: "", port: 0 };

/**
 * Returns the plain address, as one frozen object while the same address is asked for. Accepted connections usually
 * share their local address.
 */
export function internAddress(hostname: string, port: number): TcpAddress {
  if (lastHostname !== hostname || last.port !== port) {
    lastHostname = hostname;
    last = Object.freeze(plainAddress({ hostname, port }));
  }
  return last;
}
