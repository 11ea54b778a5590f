import type { Address } from "./transport.ts";

/** The identity of a connection. */
export interface ConnectionInfo {
  /** The number of the connection, from 1 within one server. */
  readonly id: number;
  readonly remoteAddress: Address;
  readonly localAddress: Address;
}
