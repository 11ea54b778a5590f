import type { Address } from "./transport.ts";

let last: Address = { hostname: "", port: 0 };

/** An address that connections mostly have in common, as the local one of those that were accepted: then it is one object. */
export function commonAddress(hostname: string, port: number): Address {
  if (last.hostname !== hostname || last.port !== port) last = Object.freeze({ hostname, port });
  return last;
}
