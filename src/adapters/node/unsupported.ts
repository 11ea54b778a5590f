import { type ListenOptions, SpillwayError } from "../../core/mod.ts";
import { isDeno, versionNumbers } from "./native.ts";

/** The options that not every version takes. */
type Decisive = { readonly [Name in "ipv6Only" | "path" | "reusePort"]?: ListenOptions[Name] };

/** Refuses what this runtime would ignore. @throws {SpillwayError} `runtime-unsupported` */
export function refuseUnsupported({ ipv6Only, path, reusePort }: Decisive): void {
  const [major, minor] = versionNumbers();
  if (reusePort === true && (major < 22 || (major === 22 && minor < 12))) {
    throw unsupported("Node before 22.12 cannot share a port: reusePort");
  }
  if (ipv6Only === true && isDeno()) {
    throw unsupported(
      "Deno cannot leave out IPv4: instead of ipv6Only, listen on the IPv6 address itself, such as ::1",
    );
  }
  // Such a name is filled up with NUL to its full length, and no program of another kind finds it.
  if (path?.startsWith("\0") && major < 21)
    throw unsupported("Node before 21 has no usable abstract sockets: use a path");
}

function unsupported(message: string): SpillwayError {
  return new SpillwayError("runtime-unsupported", message);
}
