import type { Address } from "./transport.ts";

/** Which connection this is. */
export interface ConnectionInfo {
  /** Counts up from 1 within one server. */
  readonly id: number;
  readonly remoteAddress: Address;
  readonly localAddress: Address;
}
