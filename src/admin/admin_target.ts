import process from "node:process";
import { checkListenOptions, checkOptions, checkWhole, type OptionNames } from "../core/mod.ts";

/** Where the endpoint listens: at a TCP address, or at the path of a Unix socket. */
export type AdminTarget = AdminTcpTarget | AdminPathTarget;

/** A TCP address. */
export interface AdminTcpTarget {
  /** The port; 0 for any that is free. */
  readonly port: number;
  /**
   * The address. Default `127.0.0.1`: only this machine. Everybody who reaches the endpoint can read the addresses of all peers,
   * so choose another address only behind a firewall.
   */
  readonly hostname?: string;
}

/** The path of a Unix socket. */
export interface AdminPathTarget {
  /** The path. Its directory must exist. */
  readonly path: string;
  /** Its permissions. Default `0o600`: only this user. */
  readonly mode?: number;
}

const TCP: OptionNames<AdminTcpTarget> = { port: true, hostname: true };
const PATH: OptionNames<AdminPathTarget> = { path: true, mode: true };
export const DEFAULT_HOSTNAME = "127.0.0.1";

/** @throws {TypeError | RangeError} it makes no sense */
export function checkAdminTarget(target: AdminTarget): AdminTarget {
  if (typeof target !== "object" || target === null) {
    throw new TypeError("listen must be { port, hostname? } or { path, mode? }");
  }
  if ("path" in target) {
    checkOptions(target, PATH);
    const { path, mode } = target;
    checkListenOptions({ path, backlog: 1, ...(mode !== undefined && { mode }) }, process.platform);
    return target;
  }
  checkOptions(target, TCP);
  const { hostname, port } = target;
  if (checkWhole("port", port, 0) > 65_535) {
    throw new RangeError(`port must be a whole number from 0 to 65535, not ${port}`);
  }
  if (hostname !== undefined && (typeof hostname !== "string" || !/^[^\s[\]]+$/.test(hostname))) {
    throw new TypeError(`hostname must be a name or a numeric address (IPv6 without brackets)`);
  }
  return target;
}

/**
 * Reads a target from text: `127.0.0.1:9090`, `[::1]:9090`, `9090` (on 127.0.0.1), or `unix:/run/admin.sock`.
 *
 * @throws {TypeError | RangeError} other text
 *
 * @example
 * ```ts
 * import { adminTarget } from "spillway/admin";
 *
 * console.log(adminTarget("127.0.0.1:9090")); // { port: 9090, hostname: "127.0.0.1" }
 * ```
 */
export function adminTarget(text: string): AdminTarget {
  if (text.startsWith("unix:@")) {
    throw new TypeError("an abstract socket has no permissions, so the endpoint takes none: write unix:/path");
  }
  if (text.startsWith("unix:")) return checkAdminTarget({ path: text.slice("unix:".length) });
  const [, bracketed, plain, port] = /^(?:(?:\[([^\s[\]]+)\]|([^\s[\]:]+)):)?(\d{1,5})$/.exec(text) ?? [];
  if (port === undefined) {
    throw new TypeError(`${JSON.stringify(text)} is no address: write 127.0.0.1:9090, [::1]:9090 or unix:PATH`);
  }
  return checkAdminTarget({ port: Number(port), hostname: bracketed ?? plain ?? DEFAULT_HOSTNAME });
}
