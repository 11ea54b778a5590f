import { plainAddress } from "./plain_address.ts";
import type { Address } from "./transport.ts";

let lastHostname = "";
let last: Address = { hostname: "", port: 0 };

/** An address that connections mostly have in common, as the local one of those that were accepted: then it is one object. */
export function commonAddress(hostname: string, port: number): Address {
  if (lastHostname !== hostname || last.port !== port) {
    lastHostname = hostname;
    last = Object.freeze(plainAddress({ hostname, port }));
  }
  return last;
}
