import { type ListenOptions, SpillwayError } from "../../core/mod.ts";
import { hasUnstableNet } from "./native.ts";

/** The options that Deno does not take as they are. */
type Decisive = { readonly [Name in "fd" | "ipv6Only" | "keepAliveMs" | "reusePort"]?: ListenOptions[Name] };

/** Refuses what Deno would ignore, or end the process for. @throws {SpillwayError} `runtime-unsupported` */
export function refuseUnsupported({ fd, ipv6Only, keepAliveMs, reusePort }: Decisive): void {
  // Deno turns probes on with the system's own delay, usually two hours, and cannot set another.
  if (keepAliveMs !== undefined)
    throw unsupported("Deno's own listener cannot set keepAliveMs: use silenceTimeoutMs, or import from spillway/node");
  if (fd !== undefined) {
    throw unsupported(
      "Deno's own listener takes no socket that is bound already: import from spillway or spillway/node, not spillway/deno",
    );
  }
  if (ipv6Only === true) {
    throw unsupported(
      "Deno cannot leave out IPv4: instead of ipv6Only, listen on the IPv6 address itself, such as ::1",
    );
  }
  if (reusePort === true && !hasUnstableNet()) {
    throw unsupported("Deno shares a port only with --unstable-net: run it with that flag, or leave out reusePort");
  }
}

/** Refuses what Deno cannot do with a connection. @throws {SpillwayError} `runtime-unsupported` */
export function refuseLocalAddress(localAddress: string | undefined): void {
  if (localAddress !== undefined) throw unsupported("Deno cannot choose the local address of a connection");
}

function unsupported(message: string): SpillwayError {
  return new SpillwayError("runtime-unsupported", message);
}
