import type { ListenOptions } from "../core/mod.ts";

/** A place that a supervisor binds: a port, a path, or an inherited descriptor. */
export type HeldTarget =
  | { readonly port: number; readonly hostname?: string; readonly ipv6Only?: boolean }
  | { readonly path: string; readonly mode?: number }
  | { readonly fd: number };

/** Returns what a socket was bound to, without the options of its connections. */
export function heldTarget({ fd, hostname, ipv6Only, path, port }: ListenOptions): HeldTarget {
  if (path !== undefined) return { path };
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
