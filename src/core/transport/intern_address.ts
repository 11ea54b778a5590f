import { plainAddress } from "./plain_address.ts";
import type { TcpAddress } from "./transport.ts";

let lastHostname = "";
let last: TcpAddress = { hostname: "", port: 0 };

/** The plain address, as one frozen object for as long as the same one is asked for: the local one of accepted connections mostly is. */
export function internAddress(hostname: string, port: number): TcpAddress {
  if (lastHostname !== hostname || last.port !== port) {
    lastHostname = hostname;
    last = Object.freeze(plainAddress({ hostname, port }));
  }
  return last;
}
