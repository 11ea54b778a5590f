import { checkHostname, checkPort } from "../options/limits.ts";
import type { Address, TcpAddress } from "../transport/transport.ts";

/** The addresses among the options of a client. */
export interface HostOptions {
  readonly hostname?: string | undefined;
  readonly port?: number | undefined;
  readonly path?: string | undefined;
  readonly hosts?: readonly Address[] | undefined;
}

/** Returns the addresses to connect to. @throws {TypeError | RangeError} a port and a list, or neither; no address */
export function resolveHosts({ hostname, hosts, path, port }: HostOptions): readonly Address[] {
  if (path !== undefined) {
    if (hostname ?? port ?? hosts) throw new TypeError("either path, or hosts, or hostname and port, not both");
    return [{ path }];
  }
  if (hosts === undefined) return [checkHost(hostname ?? "127.0.0.1", port as number)];
  if (hostname !== undefined || port !== undefined) throw new TypeError("either hosts or hostname and port, not both");
  if (!Array.isArray(hosts) || hosts.length === 0) throw new TypeError("hosts must be a list of at least one address");
  return (hosts as readonly Address[]).map((host) =>
    typeof host?.path === "string" ? { path: host.path } : checkHost(host?.hostname, host?.port),
  );
}

function checkHost(hostname: string, port: number): TcpAddress {
  checkHostname(hostname);
  if (checkPort(port) === 0) throw new RangeError("port must be a whole number from 1 to 65535, not 0");
  return { hostname, port };
}
