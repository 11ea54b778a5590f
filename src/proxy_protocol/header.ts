import type { Address, ProxyInfo } from "../core/mod.ts";

/** The contents of a PROXY header. */
export interface ProxyHeader extends Omit<ProxyInfo, "from"> {
  /**
   * The original remote address. Absent with the transport `"unspecified"` (version 1: `UNKNOWN`) and with the command
   * `"local"`: the addresses of the connection itself hold.
   */
  readonly source?: Address;
  /** The address to which the original peer connected. Present with `source`. */
  readonly destination?: Address;
}
