import type { ListenOptions } from "../core/mod.ts";

/** A TCP port that a supervisor binds. */
export interface HeldPort {
  /** 0 to 65535. With 0, the system chooses a port. */
  readonly port: number;
  /** A name or numeric address. Default: 127.0.0.1. */
  readonly hostname?: string;
  /** Whether `::` leaves IPv4 to others; not on Deno. Default: false. */
  readonly ipv6Only?: boolean;
}

/** A Unix domain socket that a supervisor binds. */
export interface HeldPath {
  /** The path of the socket, which begins with NUL for an abstract one. */
  readonly path: string;
  /** The permissions of the socket. Default: `0o600`, only this user may connect. */
  readonly mode?: number;
}

/** A socket that the supervisor has inherited. */
export interface HeldDescriptor {
  /** Its descriptor. */
  readonly fd: number;
}

/** A place that a supervisor binds. */
export type HeldTarget = HeldPort | HeldPath | HeldDescriptor;

/** Returns the place of a listener, without the options of its connections. */
export function heldTarget({ fd, hostname, ipv6Only, mode, path, port }: ListenOptions): HeldTarget {
  if (path !== undefined) return { path, ...(mode !== undefined && { mode }) };
  if (typeof fd === "number") return { fd };
  return { hostname: hostname as string, port: port as number, ...(ipv6Only === true && { ipv6Only }) };
}

/** Returns the text of a place. A supervisor and its workers find the same socket by it. */
export function placeKey(options: ListenOptions): string {
  const target = heldTarget(options);
  if ("path" in target) return `unix:${target.path}`;
  if ("fd" in target) return `fd:${target.fd}`;
  return `tcp://${target.hostname}:${target.port}${target.ipv6Only === true ? " ipv6Only" : ""}`;
}
